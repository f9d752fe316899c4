//! The routes of the template in the form that `cargo lambda watch` reads from the root manifest, so that the tool
//! alone serves the same paths.

use std::{collections::BTreeMap, fmt::Write};

use crate::template::{Deployment, Route};

/// The table's header in the root manifest.
pub const HEADER: &str = "[workspace.metadata.lambda.watch.router]";

/// The lines of the table: a path and its function, or its functions by method.
#[must_use]
pub fn table(deployment: &Deployment) -> String {
    let mut paths: BTreeMap<String, Vec<(&Route, &str)>> = BTreeMap::new();
    for (route, function) in deployment.routes() {
        paths.entry(tool_path(&route.path)).or_default().push((route, function));
    }
    let mut table = String::new();
    for (path, routes) in paths {
        let entry = match routes.as_slice() {
            [(route, function)] if route.method == "ANY" => format!("\"{function}\""),
            routes => {
                let one = |(route, function): &(&Route, &str)| {
                    format!("{{ method = \"{}\", function = \"{function}\" }}", route.method)
                };
                format!("[{}]", routes.iter().map(one).collect::<Vec<_>>().join(", "))
            }
        };
        let _ = writeln!(table, "\"{path}\" = {entry}");
    }
    table
}

/// Puts the table into a manifest; `None` if the manifest has no such table.
#[must_use]
pub fn update(manifest: &str, deployment: &Deployment) -> Option<String> {
    let start = manifest.find(HEADER)? + HEADER.len();
    let end = manifest[start..].find("\n[").map_or(manifest.len(), |end| start + end);
    Some(format!("{}\n{}{}", &manifest[..start], table(deployment), &manifest[end..]))
}

/// `{name+}` is `{*name}` for the tool, and `$default` is everything.
fn tool_path(path: &str) -> String {
    if path == "$default" {
        return "/{*path}".to_owned();
    }
    match path.strip_suffix("+}").and_then(|path| path.rsplit_once('{')) {
        Some((before, name)) => format!("{before}{{*{name}}}"),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Parameters, Template};

    #[test]
    fn the_table_is_replaced_and_the_rest_stays() {
        let text = "
Resources:
  ApiX:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        A: { Type: HttpApi }
        B: { Type: HttpApi, Properties: { Path: '/b/{rest+}', Method: ANY } }
        C: { Type: HttpApi, Properties: { Path: '/c/{id}', Method: GET } }
";
        let deployment = Template::parse(text).unwrap().resolve(&Parameters::new(), "").unwrap();
        let manifest = format!("[workspace]\n\n{HEADER}\n\"/old\" = \"gone\"\n\n[profile.dev]\n");
        let expected = format!(
            "[workspace]\n\n{HEADER}\n{}\n{}\n{}\n\n[profile.dev]\n",
            r#""/b/{*rest}" = "api-x""#,
            r#""/c/{id}" = [{ method = "GET", function = "api-x" }]"#,
            r#""/{*path}" = "api-x""#,
        );
        let updated = update(&manifest, &deployment).unwrap();
        assert_eq!(updated, expected);
        assert_eq!(update(&updated, &deployment).unwrap(), updated);
        assert_eq!(update("[workspace]", &deployment), None);
    }
}
