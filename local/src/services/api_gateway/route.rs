//! Route selection, after "Routes for HTTP APIs" in the API Gateway developer guide: a full match of method
//! and path comes first, then a match with a greedy variable, then `$default`. Among full matches, a literal
//! segment takes precedence over a variable, and a method over `ANY`.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::template::Route;

/// Routes of an API, most specific first.
#[derive(Clone, Debug, Default)]
pub struct RouteTable {
    routes: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    method: String,
    path: String,
    segments: Option<Vec<Segment>>,
    function: String,
}

/// Segment of a path. The order of the variants is the order of precedence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Variable(String),
    Greedy(String),
}

/// Route that matches a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteMatch<'a> {
    /// Route key, like `GET /v1/orders/{id}` or `$default`.
    pub route_key: String,
    /// Stem of the function.
    pub function: &'a str,
    /// Path parameters, percent-decoded.
    pub parameters: BTreeMap<String, String>,
}

impl RouteTable {
    /// Sorts the routes by precedence.
    pub fn new<'a>(routes: impl Iterator<Item = (&'a Route, &'a str)>) -> Self {
        let mut routes: Vec<_> = routes.map(|(route, function)| Entry::new(route, function)).collect();
        routes.sort_by_key(Entry::precedence);
        Self { routes }
    }

    /// Finds the route for a request by its method and raw path.
    #[must_use]
    pub fn find(&self, method: &str, path: &str) -> Option<RouteMatch<'_>> {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        self.routes.iter().find_map(|entry| {
            let parameters = entry.matches(method, &segments)?;
            Some(RouteMatch { route_key: entry.key(), function: &entry.function, parameters })
        })
    }
}

impl Entry {
    fn new(route: &Route, function: &str) -> Self {
        let segments = (route.path != "$default")
            .then(|| route.path.split('/').skip(1).map(Segment::parse).collect::<Vec<_>>());
        Self {
            method: route.method.clone(),
            path: route.path.clone(),
            segments,
            function: function.to_owned(),
        }
    }

    /// Sort key: `$default` last, greedy routes before it (longer prefixes first), literals before variables,
    /// and `ANY` after specific methods.
    fn precedence(&self) -> (bool, Option<usize>, Vec<Segment>, bool) {
        let segments = self.segments.clone().unwrap_or_default();
        let greedy = matches!(segments.last(), Some(Segment::Greedy(_)));
        let shortness = greedy.then(|| usize::MAX - segments.len());
        (self.segments.is_none(), shortness, segments, self.method == "ANY")
    }

    fn key(&self) -> String {
        if self.segments.is_none() { self.path.clone() } else { format!("{} {}", self.method, self.path) }
    }

    fn matches(&self, method: &str, path: &[&str]) -> Option<BTreeMap<String, String>> {
        let mut parameters = BTreeMap::new();
        if self.method != "ANY" && self.method != method {
            return None;
        }
        let Some(segments) = &self.segments else { return Some(parameters) };
        for (at, segment) in segments.iter().enumerate() {
            match (segment, path.get(at)?) {
                (Segment::Literal(literal), part) if literal == part => {}
                (Segment::Literal(_), _) | (Segment::Variable(_) | Segment::Greedy(_), &"") => return None,
                (Segment::Variable(name), part) => {
                    parameters.insert(name.clone(), decode(part));
                }
                (Segment::Greedy(name), _) => {
                    parameters.insert(name.clone(), decode(&path[at..].join("/")));
                    return Some(parameters);
                }
            }
        }
        (segments.len() == path.len()).then_some(parameters)
    }
}

impl Segment {
    fn parse(text: &str) -> Self {
        match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            None => Self::Literal(text.to_owned()),
            Some(name) => match name.strip_suffix('+') {
                Some(name) => Self::Greedy(name.to_owned()),
                None => Self::Variable(name.to_owned()),
            },
        }
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(routes: &[(&str, &str)], method: &str, path: &str) -> Option<(String, Vec<String>)> {
        let routes: Vec<Route> = routes
            .iter()
            .map(|(method, path)| Route { method: (*method).into(), path: (*path).into() })
            .collect();
        let table = RouteTable::new(routes.iter().map(|route| (route, "api-x")));
        let matched = table.find(method, path)?;
        Some((matched.route_key, matched.parameters.into_values().collect()))
    }

    const ROUTES: [(&str, &str); 8] = [
        ("ANY", "$default"),
        ("ANY", "/v1/{proxy+}"),
        ("ANY", "/v1/users/{proxy+}"),
        ("ANY", "/v1/users/{id}"),
        ("GET", "/v1/users/{id}"),
        ("ANY", "/v1/users/me"),
        ("ANY", "/v1/users/{id}/orders"),
        ("ANY", "/"),
    ];

    #[test]
    fn most_specific_route_wins() {
        let key = |method, path| find(&ROUTES, method, path).unwrap().0;
        assert_eq!(key("GET", "/v1/users/me"), "ANY /v1/users/me");
        assert_eq!(key("GET", "/v1/users/u1"), "GET /v1/users/{id}");
        assert_eq!(key("PUT", "/v1/users/u1"), "ANY /v1/users/{id}");
        assert_eq!(key("GET", "/v1/users/u1/orders"), "ANY /v1/users/{id}/orders");
        assert_eq!(key("GET", "/v1/users/u1/markets/m1"), "ANY /v1/users/{proxy+}");
        assert_eq!(key("GET", "/v1/other"), "ANY /v1/{proxy+}");
        assert_eq!(key("GET", "/other"), "$default");
        assert_eq!(key("GET", "/"), "ANY /");
    }

    #[test]
    fn path_variables_are_decoded_and_not_empty() {
        assert_eq!(find(&ROUTES, "GET", "/v1/users/a%20b").unwrap().1, ["a b"]);
        assert_eq!(find(&ROUTES, "GET", "/v1/x/y%2Fz").unwrap().1, ["x/y/z"]);
        assert_eq!(find(&ROUTES, "GET", "/v1/users/").unwrap().0, "ANY /v1/{proxy+}");
    }

    #[test]
    fn unknown_path_without_default_route_has_no_match() {
        assert_eq!(find(&[("GET", "/a")], "GET", "/b"), None);
        assert_eq!(find(&[("GET", "/a")], "POST", "/a"), None);
        assert_eq!(find(&[("GET", "/a")], "GET", "/a/"), None);
    }
}
