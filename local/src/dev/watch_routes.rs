//! Routes of the template in the format that `cargo lambda watch` reads from the root manifest, so that the
//! tool serves the same paths on its own.

use std::{collections::BTreeMap, fmt::Write};

use crate::template::{Deployment, Route};

/// Header of the table in the root manifest.
pub const HEADER: &str = "[workspace.metadata.lambda.watch.router]";

/// Lines of the table: each path with its function, or with one function per method.
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

/// Replaces the table in a manifest. Returns `None` if the manifest has no such table.
#[must_use]
pub fn update(manifest: &str, deployment: &Deployment) -> Option<String> {
    let start = manifest.find(HEADER)? + HEADER.len();
    let end = manifest[start..].find("\n[").map_or(manifest.len(), |end| start + end);
    Some(format!("{}\n{}{}", &manifest[..start], table(deployment), &manifest[end..]))
}

/// Converts a path to the tool's syntax: `{name+}` becomes `{*name}`, and `$default` becomes a catch-all
/// path.
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
    fn only_the_routes_table_of_the_manifest_is_replaced() {
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
        let manifest = format!("[workspace]\n\n{HEADER}\n\"/old\" = \"removed\"\n\n[profile.dev]\n");
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
