//! The two forms of a trace context: W3C's `traceparent` ("Trace Context", Level 1) and the tracing header of
//! AWS X-Ray ("AWS X-Ray concepts", Developer Guide).

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// Formats a context in W3C's form.
#[must_use]
pub fn format_w3c(context: &SpanContext) -> String {
    let (trace, span, flags) = (context.trace_id(), context.span_id(), context.trace_flags().to_u8());
    format!("00-{trace}-{span}-{flags:02x}")
}

/// Formats a context in the form of X-Ray, which separates the first 32 bits of the trace id from the rest.
#[must_use]
pub fn format_x_ray(context: &SpanContext) -> String {
    let (trace, span) = (context.trace_id().to_string(), context.span_id());
    let (first, rest) = trace.split_at(8);
    format!("Root=1-{first}-{rest};Parent={span};Sampled={}", u8::from(context.is_sampled()))
}

/// Parses W3C's form. Future versions may append fields after another dash.
#[must_use]
pub fn parse_w3c(text: &str) -> Option<SpanContext> {
    let mut parts = text.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_known = version == "00" && parts.next().is_none();
    let is_newer = is_hex(version, 2) && version != "00" && version != "ff";
    if !(is_known || is_newer) || !is_hex(flags, 2) {
        return None;
    }
    let flags = u8::from_str_radix(flags, 16).ok()?;
    context(trace, span, flags & 1 == 1)
}

/// Parses the form of X-Ray. Returns `None` without a parent span, because there is nothing to continue.
#[must_use]
pub fn parse_x_ray(text: &str) -> Option<SpanContext> {
    let value = |name: &str| {
        let pairs = text.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.clone().find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let (first, rest) = value("Root")?.strip_prefix("1-")?.split_once('-')?;
    let trace = if is_hex(first, 8) { format!("{first}{rest}") } else { return None };
    context(&trace, value("Parent")?, value("Sampled") == Some("1"))
}

fn context(trace: &str, span: &str, sampled: bool) -> Option<SpanContext> {
    if !is_hex(trace, 32) || !is_hex(span, 16) {
        return None;
    }
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let flags = TraceFlags::default().with_sampled(sampled);
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

/// Returns true if `text` is a hexadecimal number of `length` digits. Both specifications require lower case.
fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const W3C: &str = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
    const X_RAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    #[test]
    fn both_forms_represent_the_same_context() {
        let context = parse_w3c(W3C).unwrap();
        assert_eq!((format_w3c(&context).as_str(), format_x_ray(&context).as_str()), (W3C, X_RAY));
        assert_eq!(parse_x_ray(X_RAY), Some(context));
    }

    #[test]
    fn unsampled_context_stays_unsampled() {
        let unsampled = X_RAY.replace("Sampled=1", "Sampled=0");
        let context = parse_x_ray(&unsampled).unwrap();
        assert_eq!((format_w3c(&context), format_x_ray(&context)), (W3C.replace("-01", "-00"), unsampled));
    }

    #[test]
    fn known_fields_of_a_future_version_are_parsed() {
        assert_eq!(parse_w3c(&format!("cc{}-more", &W3C[2..])), parse_w3c(W3C));
    }

    #[test]
    fn invalid_context_is_none() {
        for text in [
            "",
            "00",
            &W3C[..54],
            &format!("{W3C}-more"),
            &W3C.replace("00-", "ff-"),
            &W3C.replace('e', "E"),
            &W3C.replace("53995c3f42cd8ad8", "0000000000000000"),
            &W3C.replace("5759e988bd862e3fe1be46a994272793", "00000000000000000000000000000000"),
            "00-é759e988bd862e3fe1be46a99427279-53995c3f42cd8ad8-01",
        ] {
            assert_eq!(parse_w3c(text), None, "{text}");
        }
        for text in ["", "Root=1-5759e988-bd862e3fe1be46a994272793", "Root=2-x;Parent=y", "Root=1-é;Parent=é"]
        {
            assert_eq!(parse_x_ray(text), None, "{text}");
        }
    }
}
