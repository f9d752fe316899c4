//! Background jobs: sales reports that stay exact despite crashes, cancellation and duplicate messages.

mod crashes;
mod dead_letters;
mod fixture;
mod lifecycle;
mod priority;
mod seeded_bugs;
