//! What the pipeline tells of one packet while it is judged.

use pipeline::{
    Observer,
    observer::{Origin, Outcome, Walk},
};
use rules::{TableName, Verdict};

/// Walks and outcomes of packets that came in; those made here are counted elsewhere.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// The walk that decided: the one that stopped the packet, or the last of the filter table.
    pub(super) deciding: Option<Walk>,
    /// How packets that came in ended, in order.
    pub(super) outcomes: Vec<Outcome>,
    /// Frames handed to this host.
    pub(super) delivered: Vec<Vec<u8>>,
}

impl Observer for Trace {
    fn walked(&mut self, origin: Origin, walk: Walk) {
        let stops = walk.decision.verdict != Verdict::Accept;
        let is_weaker =
            |before: &Walk| before.table != TableName::Filter || walk.table == TableName::Filter;
        if origin != Origin::Own && (stops || self.deciding.as_ref().is_none_or(is_weaker)) {
            self.deciding = Some(walk);
        }
    }

    fn ended(&mut self, origin: Origin, outcome: Outcome) {
        if origin != Origin::Own {
            self.outcomes.push(outcome);
        }
    }

    fn delivered(&mut self, frame: &[u8]) {
        self.delivered.push(frame.to_vec());
    }
}
