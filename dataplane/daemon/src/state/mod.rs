//! What the data plane keeps on disk, below `[paths] state`: the last good ruleset and the journal
//! of generations. Both survive a `kill -9` and a power cut at any moment.

mod journal;
mod last_good;

pub use journal::Journal;
pub use last_good::{LastGood, LastGoodError};
