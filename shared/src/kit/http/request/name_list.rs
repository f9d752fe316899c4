//! Names from a closed list, with commas between them.

/// The places in `known` of all `names`.
///
/// # Errors
/// What is wrong with each of those that are not in `known`, or are there twice.
pub(crate) fn parse_name_list(known: &[&str], names: &str) -> Result<Vec<usize>, String> {
    let (mut places, mut wrong) = (Vec::new(), Vec::new());
    for name in names.split(',') {
        match known.iter().position(|each| *each == name) {
            None => wrong.push(format!("`{name}` is not one of {}", known.join(", "))),
            Some(place) if places.contains(&place) => wrong.push(format!("`{name}` is named twice")),
            Some(place) => places.push(place),
        }
    }
    if wrong.is_empty() { Ok(places) } else { Err(wrong.join("; ")) }
}
