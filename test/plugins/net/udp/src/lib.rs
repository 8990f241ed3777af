//! UDP on `std::net`. Its argument is a list of steps, one a line; it answers a line for each, `step=outcome` or
//! `step!kind of error`:
//!
//! `bind HOST:PORT`, `to HOST:PORT TEXT`, `flood COUNT HOST:PORT` (each of a thousand bytes), `large BYTES HOST:PORT`,
//! `recv`, `impatient` (does not block from here on: std has no read timeouts for UDP here), `drain` (counts what is
//! there), `connect HOST:PORT`, `send TEXT`, `local`, `peer`, `sleep MILLIS`, `lookup HOST`, `drop`, `leave` (the job
//! ends with the socket open).

use std::io::{self, Error, ErrorKind};
use std::net::{ToSocketAddrs, UdpSocket};
use std::time::Duration;
use test_support::{Plain, Result, export_plugin};

fn run(args: Vec<u8>) -> Result<Vec<u8>> {
    let mut socket = None;
    let mut said = String::new();
    for line in String::from_utf8(args)?.lines() {
        let (step, rest) = line.split_once(' ').unwrap_or((line, ""));
        match take(step, rest, &mut socket) {
            Ok(outcome) => said += &format!("{step}={outcome}\n"),
            Err(error) => said += &format!("{step}!{:?}\n", error.kind()),
        }
    }
    Ok(said.into_bytes())
}

fn take(step: &str, rest: &str, socket: &mut Option<UdpSocket>) -> io::Result<String> {
    match step {
        "bind" => *socket = Some(UdpSocket::bind(rest)?),
        "sleep" => std::thread::sleep(duration(rest)?),
        "lookup" => {
            let found = (rest, 0).to_socket_addrs()?;
            let addresses: Vec<_> = found.map(|address| address.ip().to_string()).collect();
            return Ok(addresses.join(","));
        }
        "drop" => *socket = None,
        "leave" => std::mem::forget(socket.take()),
        _ => return on_socket(step, rest, socket.as_ref().ok_or(ErrorKind::NotConnected)?),
    }
    Ok(String::new())
}

fn on_socket(step: &str, rest: &str, socket: &UdpSocket) -> io::Result<String> {
    match step {
        "impatient" => socket.set_nonblocking(true)?,
        "to" => {
            let (to, text) = rest.split_once(' ').ok_or(ErrorKind::InvalidInput)?;
            return Ok(socket.send_to(text.as_bytes(), to)?.to_string());
        }
        "flood" => {
            let (count, to) = rest.split_once(' ').ok_or(ErrorKind::InvalidInput)?;
            for _ in 0..number(count)? {
                socket.send_to(&[b'x'; 1000], to)?;
            }
        }
        "large" => {
            let (size, to) = rest.split_once(' ').ok_or(ErrorKind::InvalidInput)?;
            return Ok(socket.send_to(&vec![b'x'; number(size)?], to)?.to_string());
        }
        "recv" => {
            let mut bytes = [0; 2000];
            let (length, from) = socket.recv_from(&mut bytes)?;
            return Ok(format!(
                "{} from {from}",
                String::from_utf8_lossy(&bytes[..length])
            ));
        }
        "drain" => {
            socket.set_nonblocking(true)?;
            let count = drain(socket);
            socket.set_nonblocking(false)?;
            return Ok(count.to_string());
        }
        "connect" => socket.connect(rest)?,
        "send" => return Ok(socket.send(rest.as_bytes())?.to_string()),
        "local" => return Ok(socket.local_addr()?.to_string()),
        "peer" => return Ok(socket.peer_addr()?.to_string()),
        _ => return Err(Error::from(ErrorKind::Unsupported)),
    }
    Ok(String::new())
}

/// How many datagrams come.
fn drain(socket: &UdpSocket) -> usize {
    std::iter::from_fn(|| socket.recv(&mut [0; 2000]).ok()).count()
}

fn number(text: &str) -> io::Result<usize> {
    text.parse()
        .map_err(|_| Error::from(ErrorKind::InvalidInput))
}

fn duration(text: &str) -> io::Result<Duration> {
    Ok(Duration::from_millis(number(text)? as u64))
}

export_plugin!(Plain::new("Udp", run));
