//! The contract between Weir's processes: messages between the planes, and the HTTP interface.

pub mod http;
