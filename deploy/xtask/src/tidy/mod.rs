//! The project's own lints, one file per rule.
//!
//! Each check takes what it reads as an argument and returns its findings, so that its tests run
//! on a few lines of text. [`run()`] gathers the tree once and hands it to all of them.

mod floors;
mod functions;
mod head;
mod imports;
mod layout;
mod manifest;
mod names;
mod report;
mod run;
mod scripts;
mod size;
mod source;
mod todo;
mod tree;
mod unsafety;

pub(crate) use run::run;
