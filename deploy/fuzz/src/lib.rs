//! What the targets share.
#![forbid(unsafe_code)]

mod applet;

pub use applet::{Applet, assert_saves_and_restores};
