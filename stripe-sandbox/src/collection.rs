//! Collection of objects in the order of their creation.

use std::collections::HashMap;

/// Object with an id.
pub(super) trait Identified {
    fn id(&self) -> &str;
}

/// Current versions of objects, oldest first.
pub(super) struct Collection<T> {
    objects: Vec<T>,
    indices: HashMap<String, usize>,
}

impl<T> Default for Collection<T> {
    fn default() -> Self {
        Self { objects: Vec::new(), indices: HashMap::new() }
    }
}

impl<T: Identified> Collection<T> {
    /// Adds an object, or replaces the version of it.
    pub(super) fn put(&mut self, object: T) {
        if let Some(known) = self.indices.get(object.id()).and_then(|index| self.objects.get_mut(*index)) {
            *known = object;
            return;
        }
        self.indices.insert(object.id().to_owned(), self.objects.len());
        self.objects.push(object);
    }

    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.objects.get(*self.indices.get(id)?)
    }

    /// Objects, oldest first.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.objects.iter()
    }

    pub(super) fn to_vec(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.objects.clone()
    }
}
