//! Background jobs: they stay exact despite crashes, cancellation and duplicate messages.

mod crashes;
mod dead_letters;
mod export;
mod fixture;
mod lifecycle;
mod notifications;
mod priority;
mod reindex;
mod seeded_bugs;
