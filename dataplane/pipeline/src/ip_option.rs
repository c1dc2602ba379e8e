//! IPv4 options as the kernel treats them (`net/ipv4/ip_options.c`): compiled on receipt, filled
//! in when a packet is forwarded, echoed in answers.

use std::net::Ipv4Addr;

use wire::{
    Header, Ipv4Header,
    ipv4::fill_header_checksum,
    ipv4_option::{
        CIPSO, END, LOOSE_SOURCE_ROUTE, NOP, RECORD_ROUTE, STRICT_SOURCE_ROUTE, TIMESTAMP,
    },
};

/// Most bytes of options in a header.
pub(crate) const OPTIONS_MAX_BYTES: usize = 40;

/// What a timestamp option records: the low four bits of its fourth byte.
const TS_ONLY: u8 = 0;
const TS_AND_ADDR: u8 = 1;
const TS_PRESPECIFIED: u8 = 3;

/// `struct ip_options`: where the options are that somebody must look at again. Places count from
/// the IP header; 0 says that there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IpOptions {
    /// Bytes of options.
    length: u8,
    pub(crate) source_route: u8,
    record_route: u8,
    timestamp: u8,
    cipso: u8,
    /// The last slot of the record route waits for the address of the out interface.
    record_needs_addr: bool,
    /// So does the timestamp's.
    timestamp_needs_addr: bool,
    /// The timestamp's last slot waits for the time.
    timestamp_needs_time: bool,
}

/// What compiling needs to know of the host.
pub(crate) struct OptionContext<A, U> {
    /// The address that the packet is told it passed (`fib_compute_spec_dst`).
    pub(crate) own_addr: A,
    /// Whether an address is a host's that is not this one (`RTN_UNICAST`).
    pub(crate) is_elsewhere: U,
    /// Milliseconds since midnight UT.
    pub(crate) time_ms: u32,
}

impl IpOptions {
    pub(crate) const NONE: IpOptions = IpOptions {
        length: 0,
        source_route: 0,
        record_route: 0,
        timestamp: 0,
        cipso: 0,
        record_needs_addr: false,
        timestamp_needs_addr: false,
        timestamp_needs_time: false,
    };

    /// Whether the packet has none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Walks the options of a received packet's header and records in them what they ask for
    /// (`__ip_options_compile`). The header checksum is left as it was, as the kernel leaves it.
    ///
    /// # Errors
    /// The byte at fault, counted from the IP header, for a parameter problem.
    pub(crate) fn compile<A, U>(
        header: &mut [u8],
        context: &OptionContext<A, U>,
    ) -> (IpOptions, Result<(), u8>)
    where
        A: Fn() -> Ipv4Addr,
        U: Fn(Ipv4Addr) -> bool,
    {
        let mut found = IpOptions {
            length: (header.len() - Ipv4Header::LEN) as u8,
            ..Self::NONE
        };
        let mut at = Ipv4Header::LEN;
        while at < header.len() {
            match header[at] {
                END => {
                    header[at..].fill(END);
                    break;
                }
                NOP => {
                    at += 1;
                    continue;
                }
                _ => {}
            }
            let left = header.len() - at;
            let length = header.get(at + 1).map_or(0, |&length| usize::from(length));
            if length < 2 || length > left {
                return (found, Err(at as u8));
            }
            if let Err(offset) = found.option(&mut header[at..at + length], at as u8, context) {
                return (found, Err((at + offset) as u8));
            }
            at += length;
        }
        (found, Ok(()))
    }

    /// One option; an error is the byte at fault, counted from the option.
    fn option<A, U>(
        &mut self,
        option: &mut [u8],
        at: u8,
        context: &OptionContext<A, U>,
    ) -> Result<(), usize>
    where
        A: Fn() -> Ipv4Addr,
        U: Fn(Ipv4Addr) -> bool,
    {
        match option[0] {
            LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE => {
                let &[_, _, pointer, ..] = &*option else {
                    return Err(1);
                };
                if pointer < 4 {
                    return Err(2);
                }
                // RFC 1812 5.2.4.1: one source route a packet.
                if self.source_route != 0 {
                    return Err(0);
                }
                self.source_route = at;
                Ok(())
            }
            RECORD_ROUTE => self.compile_record_route(option, at, context),
            TIMESTAMP => self.compile_timestamp(option, at, context),
            CIPSO => {
                // No CIPSO domain is configured, so no label is valid (`cipso_v4_validate`): one of
                // 8 bytes or more has an unknown domain, a shorter one a wrong length.
                self.cipso = at;
                Err(if option.len() < 8 { 1 } else { 2 })
            }
            _ => Ok(()),
        }
    }

    fn compile_record_route<A, U>(
        &mut self,
        option: &mut [u8],
        at: u8,
        context: &OptionContext<A, U>,
    ) -> Result<(), usize>
    where
        A: Fn() -> Ipv4Addr,
    {
        if self.record_route != 0 {
            return Err(0);
        }
        let &mut [_, _, pointer, ..] = option else {
            return Err(1);
        };
        if pointer < 4 {
            return Err(2);
        }
        if usize::from(pointer) <= option.len() {
            let slot = usize::from(pointer) - 1;
            let Some(slot) = option.get_mut(slot..slot + 4) else {
                return Err(2);
            };
            slot.copy_from_slice(&(context.own_addr)().octets());
            option[2] = pointer + 4;
            self.record_needs_addr = true;
        }
        self.record_route = at;
        Ok(())
    }

    fn compile_timestamp<A, U>(
        &mut self,
        option: &mut [u8],
        at: u8,
        context: &OptionContext<A, U>,
    ) -> Result<(), usize>
    where
        A: Fn() -> Ipv4Addr,
        U: Fn(Ipv4Addr) -> bool,
    {
        if self.timestamp != 0 {
            return Err(0);
        }
        let &mut [_, _, pointer, flags, ..] = option else {
            return Err(1);
        };
        if pointer < 5 {
            return Err(2);
        }
        let kind = flags & 0x0f;
        if usize::from(pointer) <= option.len() {
            self.fill_timestamp(option, pointer, kind, context)?;
        } else if kind != TS_PRESPECIFIED {
            // Full: the overflow counter, four bits, counts this host.
            if flags >> 4 == 15 {
                return Err(3);
            }
            option[3] = flags + 0x10;
        }
        self.timestamp = at;
        Ok(())
    }

    fn fill_timestamp<A, U>(
        &mut self,
        option: &mut [u8],
        pointer: u8,
        kind: u8,
        context: &OptionContext<A, U>,
    ) -> Result<(), usize>
    where
        A: Fn() -> Ipv4Addr,
        U: Fn(Ipv4Addr) -> bool,
    {
        let slot = usize::from(pointer) - 1;
        let slot_bytes = if matches!(kind, TS_AND_ADDR | TS_PRESPECIFIED) {
            8
        } else {
            4
        };
        let Some(slot) = option.get_mut(slot..slot + slot_bytes) else {
            return Err(2);
        };
        let time = context.time_ms.to_be_bytes();
        match (kind, slot) {
            (TS_ONLY, slot) => slot.copy_from_slice(&time),
            (TS_AND_ADDR, slot) => {
                slot[..4].copy_from_slice(&(context.own_addr)().octets());
                slot[4..].copy_from_slice(&time);
                self.timestamp_needs_addr = true;
            }
            (TS_PRESPECIFIED, slot) => {
                let addr = Ipv4Addr::new(slot[0], slot[1], slot[2], slot[3]);
                if (context.is_elsewhere)(addr) {
                    return Ok(());
                }
                slot[4..].copy_from_slice(&time);
            }
            _ => return Ok(()),
        }
        self.timestamp_needs_time = true;
        option[2] = pointer + slot_bytes as u8;
        Ok(())
    }

    /// Records the address of the out interface in the record route, and puts the header checksum
    /// right (`ip_forward_options`, which leaves a timestamp its address of the way in).
    pub(crate) fn forward(&self, header: &mut [u8], out_addr: Ipv4Addr) {
        if self.record_needs_addr {
            write_before(header, self.record_route, 5, out_addr.octets());
        }
        let _ = fill_header_checksum(header);
    }

    /// The options of an answer to the packet with this header (`__ip_options_echo`): its
    /// recorded route and timestamps, which go on recording, and its CIPSO label. Returns the options' bytes, padded.
    pub(crate) fn echo<'a>(
        &self,
        header: &[u8],
        is_elsewhere: impl Fn(Ipv4Addr) -> bool,
        out: &'a mut [u8; OPTIONS_MAX_BYTES],
    ) -> (IpOptions, &'a [u8]) {
        let mut echoed = IpOptions::NONE;
        let mut used = 0;
        if self.record_route != 0
            && let Some((at, option)) = copy(header, self.record_route, &mut used, out)
        {
            echoed.record_route = at;
            if self.record_needs_addr && usize::from(option[2]) + 3 <= option.len() {
                option[2] += 4;
                echoed.record_needs_addr = true;
            }
        }
        if self.timestamp != 0
            && let Some((at, option)) = copy(header, self.timestamp, &mut used, out)
        {
            echoed.timestamp = at;
            self.echo_timestamp(&mut echoed, option, is_elsewhere);
        }
        if self.cipso != 0 {
            let _ = copy(header, self.cipso, &mut used, out);
        }
        let used = used.next_multiple_of(4);
        echoed.length = used as u8;
        (echoed, &out[..used])
    }

    fn echo_timestamp(
        &self,
        echoed: &mut IpOptions,
        option: &mut [u8],
        is_elsewhere: impl Fn(Ipv4Addr) -> bool,
    ) {
        let mut pointer = usize::from(option[2]);
        if pointer > option.len() {
            return;
        }
        if self.timestamp_needs_addr && pointer + 3 <= option.len() {
            echoed.timestamp_needs_addr = true;
            pointer += 4;
        }
        if self.timestamp_needs_time && pointer + 3 <= option.len() {
            if option[3] & 0x0f != TS_PRESPECIFIED {
                echoed.timestamp_needs_time = true;
                pointer += 4;
            } else if let Some(&[a, b, c, d]) = option.get(pointer - 1..pointer + 3)
                && pointer + 7 <= option.len()
                && !is_elsewhere(Ipv4Addr::new(a, b, c, d))
            {
                echoed.timestamp_needs_time = true;
                pointer += 8;
            }
        }
        option[2] = pointer as u8;
    }

    /// Records the own address and the time in an answer's header, once its source is known
    /// (`ip_options_build`).
    pub(crate) fn build(&self, header: &mut [u8], source: Ipv4Addr, time_ms: u32) {
        if self.record_needs_addr {
            write_before(header, self.record_route, 5, source.octets());
        }
        if self.timestamp_needs_addr {
            write_before(header, self.timestamp, 9, source.octets());
        }
        if self.timestamp_needs_time {
            write_before(header, self.timestamp, 5, time_ms.to_be_bytes());
        }
    }
}

/// Copies the option at `at` of a header behind those that `used` bytes of `out` hold already.
/// Returns where it stands in the new header.
fn copy<'a>(
    header: &[u8],
    at: u8,
    used: &mut usize,
    out: &'a mut [u8; OPTIONS_MAX_BYTES],
) -> Option<(u8, &'a mut [u8])> {
    let at = usize::from(at);
    let length = usize::from(*header.get(at + 1)?);
    let option = header.get(at..at + length)?;
    let room = out.get_mut(*used..*used + length)?;
    room.copy_from_slice(option);
    let place = (Ipv4Header::LEN + *used) as u8;
    *used += length;
    Some((place, room))
}

/// Writes four bytes `back` before where the pointer of the option at `at` points.
fn write_before(header: &mut [u8], at: u8, back: usize, bytes: [u8; 4]) {
    let at = usize::from(at);
    let Some(&pointer) = header.get(at + 2) else {
        return;
    };
    if let Some(start) = (at + usize::from(pointer)).checked_sub(back)
        && let Some(slot) = header.get_mut(start..start + 4)
    {
        slot.copy_from_slice(&bytes);
    }
}

/// Milliseconds since midnight UT (`inet_current_timestamp`); `now_ns` counts from the epoch.
pub(crate) const fn time_of_day_ms(now_ns: u64) -> u32 {
    const DAY_MS: u64 = 86_400_000;
    (now_ns / 1_000_000 % DAY_MS) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 1);

    fn header(options: &[u8]) -> Vec<u8> {
        let mut header = vec![0; 20];
        header[0] = 0x40 | (5 + options.len() / 4) as u8;
        header.extend(options);
        header
    }

    fn compile(header: &mut [u8]) -> (IpOptions, Result<(), u8>) {
        let context = OptionContext {
            own_addr: || OWN,
            is_elsewhere: |addr: Ipv4Addr| addr != OWN,
            time_ms: 0x0102_0304,
        };
        IpOptions::compile(header, &context)
    }

    #[test]
    fn record_route_takes_the_own_address_then_the_out_address() {
        let mut bytes = header(&[NOP, RECORD_ROUTE, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
        let (options, result) = compile(&mut bytes);
        assert_eq!(result, Ok(()));
        assert_eq!(&bytes[23..28], [8, 10, 0, 1, 1]);
        options.forward(&mut bytes, Ipv4Addr::new(192, 0, 2, 1));
        assert_eq!(&bytes[23..28], [8, 192, 0, 2, 1]);
    }

    #[test]
    fn a_timestamp_keeps_the_address_of_the_way_in() {
        let mut bytes = header(&[TIMESTAMP, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        let (options, result) = compile(&mut bytes);
        assert_eq!(result, Ok(()));
        options.forward(&mut bytes, Ipv4Addr::new(192, 0, 2, 1));
        assert_eq!(&bytes[22..32], [13, 1, 10, 0, 1, 1, 1, 2, 3, 4]);
    }

    #[test]
    fn a_full_route_stays_and_a_full_timestamp_overflows() {
        let mut bytes = header(&[RECORD_ROUTE, 7, 8, 1, 2, 3, 4, NOP]);
        assert_eq!(compile(&mut bytes).1, Ok(()));
        assert_eq!(&bytes[22..27], [8, 1, 2, 3, 4]);
        let mut bytes = header(&[TIMESTAMP, 8, 9, 0x20, 1, 2, 3, 4]);
        assert_eq!(compile(&mut bytes).1, Ok(()));
        assert_eq!(bytes[23], 0x30);
        let mut bytes = header(&[TIMESTAMP, 8, 9, 0xf0, 1, 2, 3, 4]);
        assert_eq!(compile(&mut bytes).1, Err(23));
    }

    #[test]
    fn faults_point_at_the_byte() {
        for (options, pointer) in [
            (&[RECORD_ROUTE, 1, 0, 0][..], 20),
            (&[RECORD_ROUTE, 5, 0, 0], 20),
            (&[RECORD_ROUTE, 4, 3, 0], 22),
            (&[RECORD_ROUTE, 6, 4, 0, 0, 0, 0, 0], 22),
            (&[LOOSE_SOURCE_ROUTE, 3, 3, 0], 22),
            (
                &[LOOSE_SOURCE_ROUTE, 3, 4, STRICT_SOURCE_ROUTE, 3, 4, 0, 0],
                23,
            ),
            (&[TIMESTAMP, 3, 5, 0], 21),
            (&[TIMESTAMP, 4, 4, 0], 22),
        ] {
            assert_eq!(compile(&mut header(options)).1, Err(pointer), "{options:?}");
        }
    }

    #[test]
    fn a_prespecified_timestamp_is_taken_by_its_address_only() {
        let mut bytes = header(&[TIMESTAMP, 12, 5, 3, 10, 0, 1, 1, 0, 0, 0, 0]);
        assert_eq!(compile(&mut bytes).1, Ok(()));
        assert_eq!(&bytes[22..32], [13, 3, 10, 0, 1, 1, 1, 2, 3, 4]);
        let mut bytes = header(&[TIMESTAMP, 12, 5, 3, 10, 0, 1, 9, 0, 0, 0, 0]);
        assert_eq!(compile(&mut bytes).1, Ok(()));
        assert_eq!(&bytes[22..32], [5, 3, 10, 0, 1, 9, 0, 0, 0, 0]);
    }

    #[test]
    fn an_answer_goes_on_recording() {
        let mut bytes = header(&[RECORD_ROUTE, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, NOP]);
        let (options, _) = compile(&mut bytes);
        let mut room = [0; OPTIONS_MAX_BYTES];
        let (echoed, copy) = options.echo(&bytes, |_| true, &mut room);
        let mut answer = header(copy);
        echoed.build(&mut answer, OWN, 0);
        assert_eq!(
            &answer[20..32],
            [RECORD_ROUTE, 11, 12, 10, 0, 1, 1, 10, 0, 1, 1, END]
        );
    }
}
