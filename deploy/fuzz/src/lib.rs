//! What the targets share.
#![forbid(unsafe_code)]

mod applet;
mod arrival;
mod firewall;

pub use applet::{Applet, assert_saves_and_restores};
pub use arrival::{Arrival, arrivals};
pub use firewall::Firewall;
