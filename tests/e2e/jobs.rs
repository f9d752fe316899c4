//! Long reports over the real binaries: exact whatever happens on the way.

mod crashes;
mod dead_letters;
mod fixture;
mod lifecycle;
mod priority;
mod seeded_bugs;
