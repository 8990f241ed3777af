//! TCP on `std::net`. Its argument is a list of steps, one a line; it answers a line for each, `step=outcome` or
//! `step!kind of error`:
//!
//! `connect HOST:PORT`, `within MILLIS HOST:PORT`, `timeout MILLIS`, `send TEXT`, `flood BYTES`, `pour`
//! (writes until it cannot), `shutdown`, `read BYTES`, `drain`, `count`, `peer`, `local`, `nodelay`, `drop`; `listen HOST:PORT`, `impatient` (does not block
//! from here on), `accept`, `keep` (before another is accepted), `unlisten`; `leave` (the job ends with what is open still open); `udp HOST:PORT`,
//! `lookup HOST`; `network` (takes a handle of the network and tells its number).

mod stream;

use std::io::{self, Error, ErrorKind};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;
use test_support::{Plain, Result, export_plugin};

/// What the steps before opened.
#[derive(Default)]
struct Open {
    listener: Option<TcpListener>,
    stream: Option<TcpStream>,
    kept: Vec<TcpStream>,
}

fn run(args: Vec<u8>) -> Result<Vec<u8>> {
    let mut open = Open::default();
    let mut said = String::new();
    for line in String::from_utf8(args)?.lines() {
        let (step, rest) = line.split_once(' ').unwrap_or((line, ""));
        match take(step, rest, &mut open) {
            Ok(outcome) => said += &format!("{step}={outcome}\n"),
            Err(error) => said += &format!("{step}!{:?}\n", error.kind()),
        }
    }
    Ok(said.into_bytes())
}

fn take(step: &str, rest: &str, open: &mut Open) -> io::Result<String> {
    match step {
        "connect" => open.stream = Some(TcpStream::connect(rest)?),
        "within" => open.stream = Some(connect_within(rest)?),
        "listen" => return Ok(listen(rest, &mut open.listener)?.to_string()),
        "impatient" => listener(&open.listener)?.set_nonblocking(true)?,
        "accept" => {
            let (stream, peer) = listener(&open.listener)?.accept()?;
            open.stream = Some(stream);
            return Ok(peer.to_string());
        }
        "keep" => open.kept.extend(open.stream.take()),
        "unlisten" => open.listener = None,
        "udp" => return Ok(UdpSocket::bind(rest)?.local_addr()?.to_string()),
        "lookup" => return lookup(rest),
        "network" => return Ok(network().to_string()),
        "drop" => open.stream = None,
        "leave" => std::mem::forget(std::mem::take(open)),
        _ => {
            let stream = open.stream.as_mut().ok_or(ErrorKind::NotConnected)?;
            return stream::take(step, rest, stream);
        }
    }
    Ok(String::new())
}

fn connect_within(rest: &str) -> io::Result<TcpStream> {
    let (millis, address) = rest.split_once(' ').ok_or(ErrorKind::InvalidInput)?;
    let address = address.to_socket_addrs()?.next();
    TcpStream::connect_timeout(&address.ok_or(ErrorKind::NotFound)?, duration(millis)?)
}

fn listen(at: &str, listener: &mut Option<TcpListener>) -> io::Result<std::net::SocketAddr> {
    listener.insert(TcpListener::bind(at)?).local_addr()
}

fn listener(listener: &Option<TcpListener>) -> io::Result<&TcpListener> {
    listener.as_ref().ok_or(ErrorKind::NotConnected.into())
}

fn lookup(name: &str) -> io::Result<String> {
    let found = (name, 0).to_socket_addrs()?;
    let addresses: Vec<_> = found.map(|address| address.ip().to_string()).collect();
    Ok(addresses.join(","))
}

/// The number of a handle that is never given back, as wasi-libc never gives back its own.
fn network() -> u32 {
    wasi::sockets::instance_network::instance_network().take_handle()
}

fn number(text: &str) -> io::Result<usize> {
    text.parse()
        .map_err(|_| Error::from(ErrorKind::InvalidInput))
}

fn duration(text: &str) -> io::Result<Duration> {
    Ok(Duration::from_millis(number(text)? as u64))
}

export_plugin!(Plain::new("Tcp", run));
