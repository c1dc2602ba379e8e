//! The control socket: connections ([`Server`]), the life of a commit ([`Commits`]) and the
//! answers to questions.

pub mod answer;
mod commits;
mod hooks;
mod server;

pub use answer::{DeviceStatus, Facts};
pub use commits::{Commits, Effect};
pub use hooks::hooks;
pub use server::{ClientId, Incoming, Server};
