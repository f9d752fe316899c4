use super::*;

const TABLE_ERROR: &str = r#"{"function":"api-markets","level":"ERROR","service":"agora","stage":"local","timestamp":"2026-11-29T07:57:20.025Z","causes":"connection refused: os error 111","error":"the table rejected the request: AccessDeniedException","message":"request failed unexpectedly","correlationId":"u5URkSLvUyPVgas=","method":"GET","name":"request","requestId":"u5URkSLvUyPVgas=","route":"/v1/markets","xrayTraceId":"Root=1-6b0bdadf-c830f19d55838156db277c21"}"#;

const FAILED_REQUEST: &str = r#"{"function":"api-markets","level":"INFO","service":"agora","stage":"local","timestamp":"2026-11-29T07:57:20.026Z","code":"INTERNAL_ERROR","coldStart":true,"durationMs":16,"message":"request","status":500,"correlationId":"u5URkSLvUyPVgas=","method":"GET","name":"request","requestId":"u5URkSLvUyPVgas=","route":"/v1/markets","xrayTraceId":"Root=1-6b0bdadf-c830f19d55838156db277c21"}"#;

const REQUEST: &str = r#"{"function":"api-auth","level":"INFO","service":"agora","stage":"local","timestamp":"2026-11-29T07:57:19.665Z","coldStart":false,"durationMs":15,"message":"request","status":204,"correlationId":"I0YXYFr9U4re3Mo=","method":"POST","name":"request","requestId":"I0YXYFr9U4re3Mo=","route":"/v1/auth/password-reset/confirm","xrayTraceId":"Root=1-6b0bdadf-3bc7d872c0cc24185e5f47e4"}"#;

const MESSAGE: &str = r#"{"function":"queue-emails","level":"INFO","service":"agora","stage":"local","timestamp":"2026-11-29T07:57:22.470Z","attempt":1,"correlationId":"4b44a40ae950a51f9e1d3305e113e972","durationMs":71,"message":"message","messageId":"97264941-42f7-4df5-9ac1-4512cbd21aec","outcome":"done","name":"Lambda runtime invoke","requestId":"9f244a35-3a63-4335-8876-f9400a0391bc","xrayTraceId":"Root=1-6b0bdae2-a4586c17de3a0a429d8030d3"}"#;

const PANIC: &str = r#"{"function":"queue-fulfilment","level":"ERROR","service":"agora","stage":"local","timestamp":"2026-11-29T07:57:23.001Z","backtrace":"   2: core::panicking::panic_fmt\n             at /rustc/59807616e/library/core/src/panicking.rs:80:14\n   3: queue_fulfilment::saga::charge\n","error":"called `…` on a `…` value","location":"functions/queue-fulfilment/src/saga.rs:41:13","message":"panic","correlationId":"4b44a40ae950a51f","messageId":"97264941-42f7-4df5-9ac1-4512cbd21aec","name":"Lambda runtime invoke"}"#;

const SWEEP: &str = r#"{"function":"schedule-sweeper","level":"WARN","service":"agora","stage":"local","timestamp":"2026-11-29T07:57:21.953Z","expired":2,"message":"sweep finished","published":0,"name":"Lambda runtime invoke","requestId":"080e4755-4ee8-442c-9b3d-7ff7797a56c8","xrayTraceId":"Root=1-6b0bdae1-f95da41b6cae2ad7117fb528"}"#;

/// Lines of the output of `cargo lambda watch` in which a build fails and the next one succeeds.
const BUILDS: &str = r#" INFO starting Runtime server runtime_addr=127.0.0.1:9000
 INFO spawning function instance function="api-orders" instance_id=3fd63046-2a10-4112-b063-b150c16331ea
ERROR command killed code=ForceStop
    Blocking    Blocking waiting for file lock on package cache
 waiting for file lock on package cache
    Blocking waiting for file lock on artifact directory
   Compiling shared v0.1.0 (/home/ada/agora/shared)
error[E0308]: mismatched types
 --> shared/src/lib.rs:7:18
  |
7 |     let x: u32 = "a";
  |            ---   ^^^ expected `u32`, found `&str`

error: could not compile `shared` (lib) due to 1 previous error
ERROR command exited code=101
   Compiling serde v1.0.228
   Compiling shared v0.1.0 (/home/ada/agora/shared)
   Compiling api-orders v0.1.0 (/home/ada/agora/functions/api-orders)
    Finished `dev` profile [unoptimized + debuginfo] target(s) in 3.40s
     Running `target/debug/local run-function target/debug/api-orders`
    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.31s
     Running `target/debug/local run-function target/debug/api-users`"#;

fn render(source: &str, line: &str) -> Option<String> {
    let text = Terminal::new(LogFormat::Text).render(source, line)?;
    Some(anstream::adapter::strip_str(&text).to_string())
}

fn assert_rendered(line: &str, expected: &str) {
    let text = render("cargo-lambda", line).unwrap();
    assert_eq!(text, expected);
}

#[test]
fn request_and_message_are_one_line_with_equal_columns() {
    assert_rendered(
        REQUEST,
        "07:57:19.665  api-auth             POST     /v1/auth/password-reset/confirm       204          15 ms  \
         I0YXYFr9U4re3Mo=",
    );
    assert_rendered(
        FAILED_REQUEST,
        "07:57:20.026  api-markets          GET      /v1/markets                           500          16 ms  \
         u5URkSLvUyPVgas=  INTERNAL_ERROR  cold start",
    );
    assert_rendered(
        MESSAGE,
        "07:57:22.470  queue-emails         message  97264941-42f7-4df5-9ac1-4512cbd21aec  done         71 ms  \
         4b44a40ae950a51f9e1d3305e113e972",
    );
}

#[test]
fn retried_message_shows_its_attempt_and_reason() {
    let retried = MESSAGE
        .replace(r#""attempt":1"#, r#""attempt":3,"reason":"the handler timed out""#)
        .replace(r#""done""#, r#""retry""#);
    let text = render("queue-emails", &retried).unwrap();
    assert!(
        text.ends_with(
            "retry        71 ms  4b44a40ae950a51f9e1d3305e113e972  attempt 3  the handler timed out"
        ),
        "{text}"
    );
}

#[test]
fn causes_of_an_error_are_indented_below_it() {
    assert_rendered(
        TABLE_ERROR,
        "07:57:20.025  api-markets          ERROR    request failed unexpectedly  u5URkSLvUyPVgas=\n              \
         the table rejected the request: AccessDeniedException\n              \
         caused by: connection refused: os error 111",
    );
}

#[test]
fn backtrace_of_a_panic_is_indented_below_it() {
    assert_rendered(
        PANIC,
        "07:57:23.001  queue-fulfilment     ERROR    panic  4b44a40ae950a51f\n              \
         called `…` on a `…` value\n              \
         at functions/queue-fulfilment/src/saga.rs:41:13\n                 \
         2: core::panicking::panic_fmt\n                           \
         at /rustc/59807616e/library/core/src/panicking.rs:80:14\n                 \
         3: queue_fulfilment::saga::charge",
    );
}

#[test]
fn other_records_show_their_fields() {
    assert_rendered(
        SWEEP,
        "07:57:21.953  schedule-sweeper     WARN     sweep finished  expired=2  published=0",
    );
}

#[test]
fn line_that_is_not_json_is_printed_unchanged() {
    let line = "error: AGORA_TABLE is not set";
    let text = render("api-orders", line).unwrap();
    assert_eq!(text, "              api-orders           error: AGORA_TABLE is not set");
}

#[test]
fn colour_of_the_status_follows_its_class() {
    let mut terminal = Terminal::new(LogFormat::Text);
    let colour = |style: Style, status: &str| format!("{style}{status:<8}{style:#}");
    for (status, style) in [("204", GREEN), ("404", YELLOW), ("503", RED)] {
        let line = REQUEST.replace("204", status);
        let text = terminal.render("api-auth", &line).unwrap();
        assert!(text.contains(&colour(style, status)), "{text:?}");
    }
}

#[test]
fn control_characters_are_escaped() {
    let line = REQUEST.replace("I0YXYFr9U4re3Mo=", r"\u001b[2J\n");
    let text = render("api-auth", &line).unwrap();
    assert!(text.ends_with(r"\u{1b}[2J\n"), "{text:?}");
}

#[test]
fn hidden_request_is_printed_only_if_it_fails() {
    let mut terminal = Terminal::new(LogFormat::Text);
    for id in ["I0YXYFr9U4re3Mo=", "u5URkSLvUyPVgas="] {
        terminal.hide_request(id);
    }
    assert_eq!(terminal.render("api-auth", REQUEST), None);
    assert!(terminal.render("api-markets", FAILED_REQUEST).is_some());
}

#[test]
fn instance_that_shuts_down_in_time_is_not_reported() {
    let line = SWEEP.replace("sweep finished", "shutting down");
    for (in_time, is_reported) in [("true", false), ("false", true)] {
        let line = line.replace(r#""published":0"#, &format!(r#""inTime":{in_time}"#));
        assert_eq!(render("schedule-sweeper", &line).is_some(), is_reported, "{line}");
    }
}

#[test]
fn builds_show_diagnostics_and_a_summary_only() {
    let mut terminal = Terminal::new(LogFormat::Text);
    let lines: Vec<_> = BUILDS.lines().filter_map(|line| terminal.render("cargo-lambda", line)).collect();
    let text = anstream::adapter::strip_str(&lines.join("\n")).to_string();
    let expected = r#"error[E0308]: mismatched types
 --> shared/src/lib.rs:7:18
  |
7 |     let x: u32 = "a";
  |            ---   ^^^ expected `u32`, found `&str`

error: could not compile `shared` (lib) due to 1 previous error
ERROR command exited code=101
compiled shared, api-orders in 3.40s"#;
    assert_eq!(text, expected);
}
