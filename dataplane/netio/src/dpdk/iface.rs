//! An interface of the operator's on DPDK: one device, or several where a driver has one queue each
//! (`net_af_xdp`), with the guard that keeps the kernel off them.

use std::sync::Arc;

use super::claim::Claim;
use super::ethdev::{EthDev, Queues};
use super::stats::{stats, xstats};
use super::{Device, DpdkError, DpdkPort, Eal, Errno, Mempool, Stats, Step, Xstat};

/// Bytes of an Ethernet header and two VLAN tags.
const L2_MAX_BYTES: u32 = 14 + 8;

/// How an interface is to be opened.
#[derive(Clone, Debug)]
pub struct IfaceSettings {
    /// The operator's name for it; errors carry it.
    pub name: String,
    /// What stands behind it.
    pub device: Device,
    /// Queues, one a worker.
    pub queues: u16,
    /// Bytes; `None` leaves the device's own. On a kernel-owned device this sets the kernel's too.
    pub mtu: Option<u16>,
    /// `None` leaves the device's own.
    pub mac: Option<[u8; 6]>,
    /// Also receive frames for other MAC addresses.
    pub foreign_macs: bool,
    /// Descriptors of a receive queue, cut to what the driver takes; `None` is 1,024.
    pub rx_descriptors: Option<u16>,
    /// Descriptors of a send queue, likewise.
    pub tx_descriptors: Option<u16>,
    /// Random; see [`Iface::open`].
    pub rss_seed: u16,
}

/// Whether frames can pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Up, with a carrier.
    pub is_up: bool,
    /// Mbit/s, where the driver knows.
    pub speed_mbps: Option<u32>,
}

/// An open interface, held by the main thread.
#[derive(Debug)]
pub struct Iface {
    name: String,
    /// Each with the number of its queues.
    devices: Vec<(Arc<EthDev>, u16)>,
    /// The kernel interfaces under them.
    claims: Vec<Arc<Claim>>,
    mac: [u8; 6],
    mtu: u16,
    is_started: bool,
}

impl Iface {
    /// Opens an interface: raises the guard where the kernel shares the device, probes it, sets up its
    /// queues, address and MTU. No packet is received before [`start`](Self::start).
    ///
    /// With more than one queue on a device that hashes, both directions of a connection go to one
    /// queue, by a key that repeats `rss_seed`.
    ///
    /// # Errors
    /// Each names the interface and what to do; nothing stays open then.
    pub fn open(eal: &Eal, mempool: &Mempool, settings: &IfaceSettings) -> Result<Self, DpdkError> {
        let _ = eal;
        let mut claims = Vec::new();
        for kernel in settings.device.kernel_ifaces() {
            claims.push(Arc::new(Claim::new(
                &settings.name,
                &settings.device,
                kernel,
            )?));
        }
        let mut devices = Vec::new();
        for (device, queues) in plan(settings, &claims)? {
            let device = EthDev::probe(&settings.name, device, claims.clone())?;
            check_queues(settings, queues, device.capabilities()?.max_rx_queues)?;
            device.configure(&Queues {
                count: queues,
                mempool,
                rx_descriptors: settings.rx_descriptors,
                tx_descriptors: settings.tx_descriptors,
                rss_seed: settings.rss_seed,
            })?;
            devices.push((Arc::new(device), queues));
        }
        let mut iface = Self {
            name: settings.name.clone(),
            devices,
            claims,
            mac: [0; 6],
            mtu: 0,
            is_started: false,
        };
        iface.address(settings)?;
        iface.size(settings, mempool)?;
        Ok(iface)
    }

    /// Lets packets flow. Returns one port a queue, in the order of the queues.
    ///
    /// # Errors
    /// The device does not start, or was started before.
    pub fn start(&mut self) -> Result<Vec<DpdkPort>, DpdkError> {
        if self.is_started {
            return Err(DpdkError::AlreadyStarted {
                iface: self.name.clone(),
            });
        }
        let mut ports = Vec::new();
        for (device, queues) in &self.devices {
            device.start()?;
            ports.extend((0..*queues).map(|queue| DpdkPort::new(Arc::clone(device), queue)));
        }
        for claim in &self.claims {
            claim
                .kernel
                .set_up()
                .map_err(|errno| self.error(Step::KernelUp, errno))?;
        }
        self.is_started = true;
        Ok(ports)
    }

    /// Stops and closes the device, then takes the guard down.
    ///
    /// # Errors
    /// A port is still held; the device closes, and the guard goes, with the last one.
    pub fn stop(mut self) -> Result<(), DpdkError> {
        for (device, _) in self.devices.drain(..) {
            if Arc::into_inner(device).is_none() {
                return Err(DpdkError::StillPolled {
                    iface: self.name.clone(),
                });
            }
        }
        Ok(())
    }

    /// The operator's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its MAC address.
    #[must_use]
    pub fn mac(&self) -> [u8; 6] {
        self.mac
    }

    /// Bytes, without the Ethernet header.
    #[must_use]
    pub fn mtu(&self) -> u16 {
        self.mtu
    }

    /// Whether frames can pass now. A kernel-owned device follows the kernel's interface.
    #[must_use]
    pub fn link(&self) -> Link {
        let links = self.devices.iter().filter_map(|(device, _)| device.link());
        let (mut is_up, mut speed_mbps) = (true, None);
        for (up, speed) in links {
            is_up &= up;
            speed_mbps = speed_mbps.max(Some(speed).filter(|speed| ![0, u32::MAX].contains(speed)));
        }
        let kernel_up = |claim: &Arc<Claim>| claim.kernel.is_running().unwrap_or(false);
        Link {
            is_up: is_up && self.claims.iter().all(kernel_up),
            speed_mbps,
        }
    }

    /// The devices' own counters, added up.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut sum = Stats::default();
        for (device, _) in &self.devices {
            sum += stats(device.id());
        }
        sum
    }

    /// The drivers' extended statistics, device after device.
    #[must_use]
    pub fn xstats(&self) -> Vec<Xstat> {
        self.devices
            .iter()
            .flat_map(|(device, _)| xstats(device.id()))
            .collect()
    }

    fn address(&mut self, settings: &IfaceSettings) -> Result<(), DpdkError> {
        for (device, _) in &self.devices {
            if let Some(mac) = settings.mac {
                device.set_mac(mac)?;
            }
            device.receive_multicast(settings.foreign_macs)?;
            self.mac = device.mac()?;
        }
        Ok(())
    }

    fn size(&mut self, settings: &IfaceSettings, mempool: &Mempool) -> Result<(), DpdkError> {
        for (device, _) in &self.devices {
            if let Some(mtu) = settings.mtu {
                device.set_mtu(mtu)?;
            }
            self.mtu = device.mtu()?;
        }
        // DPDK assumes 1,500 where the kernel knows.
        if let Some(claim) = self.claims.first() {
            let mtu = claim
                .kernel
                .mtu()
                .map_err(|errno| self.error(Step::KernelRead, errno))?;
            self.mtu = u16::try_from(mtu).unwrap_or(u16::MAX);
        }
        let (mtu, room_bytes) = (self.mtu, mempool.room_bytes());
        let needed_bytes = u32::from(mtu) + L2_MAX_BYTES;
        if needed_bytes > u32::from(room_bytes) {
            let iface = self.name.clone();
            return Err(DpdkError::MtuOverMbuf {
                iface,
                mtu,
                needed_bytes,
                room_bytes,
            });
        }
        Ok(())
    }

    fn error(&self, step: Step, errno: Errno) -> DpdkError {
        DpdkError::Setup {
            iface: self.name.clone(),
            step,
            errno,
        }
    }
}

/// The DPDK devices that make the interface, with the queues of each.
fn plan(settings: &IfaceSettings, claims: &[Arc<Claim>]) -> Result<Vec<(Device, u16)>, DpdkError> {
    let device = settings.device.clone();
    match device.driver() {
        "net_af_packet" => {
            // More frames in the ring than the driver's 512: a worker that sleeps while it is idle
            // must find all of the first burst.
            let device = device
                .with_default("qpairs", settings.queues)
                .with_default("framecnt", 4096);
            Ok(vec![(device, settings.queues)])
        }
        "net_af_xdp" => plan_af_xdp(settings, claims),
        _ => Ok(vec![(device, settings.queues)]),
    }
}

/// One device a queue: the driver counts only combined channels, and a veth has none.
fn plan_af_xdp(
    settings: &IfaceSettings,
    claims: &[Arc<Claim>],
) -> Result<Vec<(Device, u16)>, DpdkError> {
    let device = settings.device.clone();
    if let Some(claim) = claims.first() {
        let queues = claim.kernel.rx_queues().map_err(|errno| DpdkError::Setup {
            iface: settings.name.clone(),
            step: Step::KernelRead,
            errno,
        })?;
        if queues != settings.queues {
            return Err(DpdkError::Queues {
                iface: settings.name.clone(),
                workers: settings.queues,
                queues,
                hint: "net_af_xdp needs as many receive queues as workers (`ethtool -L DEV rx N`)",
            });
        }
    }
    if device.arg("start_queue").is_some() || device.arg("queue_count").is_some() {
        return Ok(vec![(device, settings.queues)]);
    }
    let one = |queue: u16| {
        let mut device = device.clone();
        if let (Device::Vdev { name, .. }, 1..) = (&mut device, queue) {
            name.push_str(&format!("_{queue}"));
        }
        (
            device
                .with_default("start_queue", queue)
                .with_default("queue_count", 1),
            1,
        )
    };
    Ok((0..settings.queues).map(one).collect())
}

/// A device must have a queue for each worker, and `net_af_packet` none besides: it spreads frames
/// over all of its sockets, polled or not.
fn check_queues(settings: &IfaceSettings, wanted: u16, queues: u16) -> Result<(), DpdkError> {
    let is_af_packet = settings.device.driver() == "net_af_packet";
    let hint = match queues {
        _ if is_af_packet && queues != wanted => {
            "set qpairs= to the number of workers, or leave it out"
        }
        _ if queues < wanted => "use fewer cores, or a device with more queues",
        _ => return Ok(()),
    };
    Err(DpdkError::Queues {
        iface: settings.name.clone(),
        workers: settings.queues,
        queues,
        hint,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(device: &str, queues: u16) -> IfaceSettings {
        IfaceSettings {
            name: "wan".to_owned(),
            device: Device::parse(device).expect("well formed"),
            queues,
            mtu: None,
            mac: None,
            foreign_macs: false,
            rx_descriptors: None,
            tx_descriptors: None,
            rss_seed: 0,
        }
    }

    fn planned(device: &str, queues: u16) -> Vec<(String, u16)> {
        let plan = plan(&settings(device, queues), &[]).expect("no kernel interface is asked");
        plan.into_iter()
            .map(|(device, queues)| (device.to_string(), queues))
            .collect()
    }

    #[test]
    fn af_packet_gets_a_socket_a_worker() {
        let expected = "net_af_packet0,iface=a,qpairs=2,framecnt=4096".to_owned();
        assert_eq!(planned("net_af_packet0,iface=a", 2), [(expected, 2)]);
        let explicit = "net_af_packet0,iface=a,qpairs=1,framecnt=64";
        assert_eq!(planned(explicit, 1), [(explicit.to_owned(), 1)]);
    }

    #[test]
    fn af_xdp_gets_a_device_a_worker() {
        assert_eq!(
            planned("net_af_xdp0,iface=a", 2),
            [
                (
                    "net_af_xdp0,iface=a,start_queue=0,queue_count=1".to_owned(),
                    1
                ),
                (
                    "net_af_xdp0_1,iface=a,start_queue=1,queue_count=1".to_owned(),
                    1
                ),
            ]
        );
    }

    #[test]
    fn queues_that_nobody_polls_are_refused() {
        let af_packet = settings("net_af_packet0,iface=a,qpairs=2", 1);
        let error = check_queues(&af_packet, 1, 2)
            .expect_err("one is not polled")
            .to_string();
        assert!(
            error.contains("interface wan: 1 workers need 1 queues, the device has 2"),
            "{error}"
        );
        assert!(check_queues(&settings("net_null0", 2), 2, 1).is_err());
        assert!(check_queues(&settings("net_null0", 2), 2, 1024).is_ok());
    }
}
