//! One thread that owns the store and the link to the data plane; everything that asks or changes
//! either is an order to it, done one after the other.

use std::{
    path::PathBuf,
    sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError},
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use store::Store;
use syntax::Names;
use tokio::sync::oneshot;

use crate::{StartError, config::Config, dataplane_link::Link, log};

/// How often the link is looked after while nobody asks anything.
const TEND_EVERY: Duration = Duration::from_secs(1);

/// Orders that may wait; further ones are refused.
const ORDERS_MAX: usize = 1024;

/// The name that the control plane gives itself.
pub(crate) const PROGRAM: &str = concat!("weir-controlplane ", env!("CARGO_PKG_VERSION"));

/// What the control plane knows, and its link to the data plane.
#[derive(Debug)]
pub(crate) struct Engine {
    /// Generations on disk.
    pub(crate) store: Store,
    /// The connection to the data plane.
    pub(crate) link: Link,
    /// Services and protocols by name.
    pub(crate) names: Names,
    /// When this process started.
    pub(crate) started: Instant,
    /// Where rulesets that were taken out of the store are written as text.
    pub(crate) superseded_folder: PathBuf,
}

/// Something that the engine's thread does.
type Order = Box<dyn FnOnce(&mut Engine) + Send>;

/// Why an order was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OrderError {
    /// Too many wait.
    #[error("{ORDERS_MAX} requests are waiting; try again")]
    Busy,
    /// The thread is gone.
    #[error("the control plane is about to end")]
    Gone,
}

/// Gives orders to the engine.
#[derive(Clone, Debug)]
pub(crate) struct EngineHandle {
    orders: SyncSender<Order>,
}

impl EngineHandle {
    /// Has `order` done and waits for what comes of it.
    ///
    /// # Errors
    /// Too many orders wait, or the engine is gone.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        order: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> Result<T, OrderError> {
        let (answer, answered) = oneshot::channel();
        let order = move |engine: &mut Engine| {
            // Who asked may have hung up; the order is done all the same.
            let _ = answer.send(order(engine));
        };
        self.orders
            .try_send(Box::new(order))
            .map_err(|error| match error {
                TrySendError::Full(_) => OrderError::Busy,
                TrySendError::Disconnected(_) => OrderError::Gone,
            })?;
        answered.await.map_err(|_| OrderError::Gone)
    }
}

impl Engine {
    /// Opens the store. What of it is damaged, or was not written to its end when the last process
    /// died, is logged; the data plane knows what runs.
    ///
    /// # Errors
    /// Another process has the store open, or the disk refuses.
    pub(crate) fn open(config: &Config) -> Result<Self, StartError> {
        let folder = config.paths.state.join("controlplane");
        let (store, damages) = Store::open(&folder)?;
        for damage in damages {
            log::line(&format!("{damage}; the data plane says what runs"));
        }
        Ok(Self {
            store,
            link: Link::new(config.paths.dataplane_socket()),
            names: Names::load(),
            started: Instant::now(),
            superseded_folder: folder,
        })
    }
}

/// Starts the engine's thread. It ends when the last handle is dropped.
pub(crate) fn start(mut engine: Engine) -> (EngineHandle, JoinHandle<()>) {
    let (orders, waiting) = mpsc::sync_channel(ORDERS_MAX);
    let thread = thread::spawn(move || serve(&mut engine, &waiting));
    (EngineHandle { orders }, thread)
}

fn serve(engine: &mut Engine, waiting: &Receiver<Order>) {
    // What the store keeps is compared with what runs before anybody is answered.
    engine.tend();
    loop {
        match waiting.recv_timeout(TEND_EVERY) {
            Ok(order) => order(engine),
            Err(RecvTimeoutError::Timeout) => engine.tend(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Milliseconds since 1970. A clock before that counts as 1970.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
