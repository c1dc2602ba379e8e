//! Who looks over the pipeline's shoulder: replay and tests. With [`Blind`] all of it compiles
//! to nothing.

use packet::DropReason;
use route::IfaceId;
use rules::{Decision, Family, Hook, TableName};

/// Whose packet a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It came in by an interface.
    Received(IfaceId),
    /// The host sent it.
    Host,
    /// It was made here: an answer, a solicit.
    Own,
}

impl Origin {
    /// The interface of arrival.
    pub const fn iface(self) -> Option<IfaceId> {
        match self {
            Origin::Received(iface) => Some(iface),
            Origin::Host | Origin::Own => None,
        }
    }
}

/// Where a packet ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It left by this interface, in one piece or in fragments.
    Sent(IfaceId),
    /// It ended at this host.
    Delivered,
    /// It was dropped.
    Dropped(DropReason),
    /// It waits for a neighbour behind this interface; another outcome follows.
    Held(IfaceId),
}

/// One walk of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Whose rules.
    pub family: Family,
    /// The table.
    pub table: TableName,
    /// The hook.
    pub hook: Hook,
    /// What was decided, and by which rule or policy.
    pub decision: Decision,
}

/// Is told what happens to each packet, in order. Every method does nothing unless overridden.
pub trait Observer {
    /// A packet starts its way; what is told until the next start is about it and its answers.
    fn starts(&mut self, _origin: Origin) {}

    /// A table was walked.
    fn walked(&mut self, _origin: Origin, _walk: Walk) {}

    /// A packet's way ended.
    fn ended(&mut self, _origin: Origin, _outcome: Outcome) {}

    /// A frame was delivered to this host, just before [`Observer::ended`] says so.
    fn delivered(&mut self, _frame: &[u8]) {}
}

/// Nobody looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blind;

impl Observer for Blind {}
