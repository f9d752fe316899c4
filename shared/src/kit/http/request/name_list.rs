//! Comma-separated names from a closed list.

/// Returns the positions of all `names` in `known`.
///
/// # Errors
/// A message about each name that is unknown or repeated.
pub(crate) fn parse_name_list(known: &[&str], names: &str) -> Result<Vec<usize>, String> {
    let (mut positions, mut errors) = (Vec::new(), Vec::new());
    for name in names.split(',') {
        match known.iter().position(|candidate| *candidate == name) {
            None => errors.push(format!("`{name}` is not one of {}", known.join(", "))),
            Some(position) if positions.contains(&position) => {
                errors.push(format!("`{name}` is named twice"));
            }
            Some(position) => positions.push(position),
        }
    }
    if errors.is_empty() { Ok(positions) } else { Err(errors.join("; ")) }
}
