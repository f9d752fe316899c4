//! What goes on behind the API, over HTTP: messages that could not be processed, to be read and tried again.

mod dead_letters;

use axum::Router;
use shared::api::App;
use shared::command::Store;
use shared::http::Code;
use shared::http::openapi::{About, Routes};
use shared::repository::dead_letter::DeadLetterReader;
use shared::repository::user::UserReader;

use dead_letters::{delete, get, list, redrive, redrive_queue};

/// The routes of the function.
pub fn routes<S, Q, R>(routes: R) -> R
where
    S: Store,
    Q: DeadLetterReader + UserReader,
    R: Routes<App<S, Q>>,
{
    routes
        .get("/v1/dead-letters", list::list_dead_letters, "List messages that could not be processed")
        .post(
            "/v1/dead-letters/redrive",
            redrive_queue::redrive_queue,
            "Have the oldest dead messages of a queue tried again",
        )
        .get("/v1/dead-letters/{id}", get::get_dead_letter, "Show a message that could not be processed")
        .delete("/v1/dead-letters/{id}", delete::delete_dead_letter, "Remove a message for good")
        .post("/v1/dead-letters/{id}/redrive", redrive::redrive_dead_letter, REDRIVE)
}

const REDRIVE: About = About::new("Have a message tried again").refusing(&[Code::InvalidState]);

/// The function's router.
pub fn router<S, Q>(app: App<S, Q>) -> Router
where
    S: Store,
    Q: DeadLetterReader + UserReader,
{
    routes(Router::new()).with_state(app)
}
