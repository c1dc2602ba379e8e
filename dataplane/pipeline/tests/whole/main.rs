//! The pipeline as a whole: scripts of packets in and out, most of whose answers are a Linux
//! kernel's; no allocation per packet; nothing lost.

mod allocation;
mod bench;
mod hex;
mod hostile;
mod neighbours;
mod script;
mod text;
