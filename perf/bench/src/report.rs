//! What was measured, as one line of JSON.

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::swap::{Outcome, Plan};

/// Times are in microseconds.
pub(crate) fn json(plan: &Plan, outcome: &Outcome) -> Value {
    json!({
        "workers": outcome.workers,
        "swaps": outcome.adoption_ns.len() / outcome.workers as u64,
        "rules": plan.rules,
        "capacity_pps": outcome.capacity_pps,
        "rate_pps": outcome.rate_pps,
        "packets": outcome.given,
        "lost": outcome.lost,
        "latency": {
            "quiet": quantiles(&outcome.quiet_ns),
            "swapping": quantiles(&outcome.swapping_ns),
        },
        "compile": quantiles(&outcome.compile_ns),
        "adoption": quantiles(&outcome.adoption_ns),
    })
}

fn quantiles(ns: &Histogram<u64>) -> Value {
    let at = |quantile: f64| ns.value_at_quantile(quantile) as f64 / 1000.0;
    json!({
        "count": ns.len(),
        "p50": at(0.5),
        "p99": at(0.99),
        "p99.9": at(0.999),
        "max": ns.max() as f64 / 1000.0,
    })
}
