//! Long reports over the real binaries: exact whatever happens on the way.

mod crashes;
mod death;
mod desk;
mod plants;
mod priority;
mod running;
