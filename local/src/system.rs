//! Clock, console, signals and files of the local stack.

pub mod arn;
pub mod aws_ids;
pub mod clock;
pub mod console;
pub mod private_file;
pub mod signals;
