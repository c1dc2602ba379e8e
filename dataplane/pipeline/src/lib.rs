//! The life of a burst, hook by hook; no I/O.
//!
//! # Overview
//! A [`Pipeline`] is one worker's half of the firewall. [`Pipeline::process`] takes a burst that
//! came in by one interface and carries each packet through netfilter's order: parse, PREROUTING,
//! routing, INPUT or FORWARD, POSTROUTING, fragmenting, neighbour, transmit queue. `process.rs`
//! reads as that order; one file holds each step. Rules are asked through
//! [`classifier::Classifier`], routes and neighbours through [`route::Network`].
//!
//! # Life cycle
//! The main thread makes a [`Generation`] of each ruleset and a `Network` of each set of
//! neighbours; a worker borrows the newest of both for a burst. Between bursts a pipeline keeps
//! only packets that wait for a neighbour, transmit queues, rate limits and counters: bytes and
//! ids, never a pointer into a generation.
//!
//! # Concurrency
//! A pipeline has one owner. What the main thread must hear (neighbours to resolve, log records)
//! leaves through rings; what it orders comes as [`Order`] values, passed by the worker. Counters
//! have one writer and any readers. Time and randomness are arguments: equal inputs give equal
//! bytes.
//!
//! # Limits
//! The filter table is evaluated; the others have their place in the order. Fragments for this
//! host are not reassembled. ICMP redirects are not sent. Multicast is not forwarded. An echo
//! request that is longer than a pool buffer's room gets no answer.
#![forbid(unsafe_code)]

mod arp;
pub mod counters;
mod deliver;
mod draft;
mod echo;
mod extension_header;
mod forward;
pub mod generation;
mod hooks;
mod icmp_error;
mod icmp_limit;
mod icmpv6_error;
mod ip_option;
pub mod log_line;
pub mod log_record;
mod ndisc;
mod neighbour_queue;
pub mod observer;
mod output;
mod packet_state;
pub mod pipeline;
mod process;
mod random;
mod reject;
mod route_input;
pub mod settings;
mod transmit;
pub mod tx_queue;

pub use counters::{DropCounters, IfaceCounters, Imbalance, WorkerCounters};
pub use generation::Generation;
pub use log_line::format_line;
pub use log_record::LogRecord;
pub use observer::{Blind, Observer, Origin, Outcome, Walk};
pub use pipeline::{HostPath, Pipeline, PipelineConfig, Uplink};
pub use route::NeighbourAction as Order;
pub use settings::{SettingError, Settings};
pub use tx_queue::TxQueue;
