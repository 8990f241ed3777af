//! A TCP client on `std::net`. Its argument is a list of steps, one a line; it answers a line for each,
//! `step=outcome` or `step!kind of error`:
//!
//! `connect HOST:PORT`, `within MILLIS HOST:PORT`, `timeout MILLIS`, `send TEXT`, `flood BYTES`, `shutdown`,
//! `read BYTES`, `drain`, `count`, `peer`, `local`, `nodelay`, `listen`, `udp`, `lookup HOST`, `drop`.

use std::io::{self, Error, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;
use test_support::{Plain, Result, export_plugin};

fn run(args: Vec<u8>) -> Result<Vec<u8>> {
    let mut stream = None;
    let mut said = String::new();
    for line in String::from_utf8(args)?.lines() {
        let (step, rest) = line.split_once(' ').unwrap_or((line, ""));
        match take(step, rest, &mut stream) {
            Ok(outcome) => said += &format!("{step}={outcome}\n"),
            Err(error) => said += &format!("{step}!{:?}\n", error.kind()),
        }
    }
    Ok(said.into_bytes())
}

fn take(step: &str, rest: &str, stream: &mut Option<TcpStream>) -> io::Result<String> {
    match step {
        "connect" => *stream = Some(TcpStream::connect(rest)?),
        "within" => *stream = Some(connect_within(rest)?),
        "listen" => return Ok(TcpListener::bind(rest)?.local_addr()?.to_string()),
        "udp" => return Ok(UdpSocket::bind(rest)?.local_addr()?.to_string()),
        "lookup" => return lookup(rest),
        "drop" => *stream = None,
        _ => return on_stream(step, rest, stream.as_mut().ok_or(ErrorKind::NotConnected)?),
    }
    Ok(String::new())
}

fn connect_within(rest: &str) -> io::Result<TcpStream> {
    let (millis, address) = rest.split_once(' ').ok_or(ErrorKind::InvalidInput)?;
    let address = address.to_socket_addrs()?.next();
    TcpStream::connect_timeout(&address.ok_or(ErrorKind::NotFound)?, duration(millis)?)
}

fn lookup(name: &str) -> io::Result<String> {
    let found = (name, 0).to_socket_addrs()?;
    let addresses: Vec<_> = found.map(|address| address.ip().to_string()).collect();
    Ok(addresses.join(","))
}

fn on_stream(step: &str, rest: &str, stream: &mut TcpStream) -> io::Result<String> {
    match step {
        "timeout" => {
            stream.set_read_timeout(Some(duration(rest)?))?;
            stream.set_write_timeout(Some(duration(rest)?))?;
        }
        "send" => stream.write_all(rest.as_bytes())?,
        "flood" => stream.write_all(&vec![b'x'; number(rest)?])?,
        "shutdown" => stream.shutdown(Shutdown::Write)?,
        "read" => return read(stream, number(rest)?),
        "drain" => {
            let mut text = String::new();
            stream.read_to_string(&mut text)?;
            return Ok(text);
        }
        "count" => return Ok(io::copy(stream, &mut io::sink())?.to_string()),
        "peer" => return Ok(stream.peer_addr()?.to_string()),
        "local" => return Ok(stream.local_addr()?.to_string()),
        "nodelay" => {
            stream.set_nodelay(true)?;
            return Ok(stream.nodelay()?.to_string());
        }
        _ => return Err(Error::from(ErrorKind::Unsupported)),
    }
    Ok(String::new())
}

fn read(stream: &mut TcpStream, most: usize) -> io::Result<String> {
    let mut bytes = vec![0; most];
    let length = stream.read(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
}

fn number(text: &str) -> io::Result<usize> {
    text.parse()
        .map_err(|_| Error::from(ErrorKind::InvalidInput))
}

fn duration(text: &str) -> io::Result<Duration> {
    Ok(Duration::from_millis(number(text)? as u64))
}

export_plugin!(Plain::new("Tcp", run));
