//! Steps on a connection.

use crate::{duration, number};
use std::io::{self, Error, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

pub(crate) fn take(step: &str, rest: &str, stream: &mut TcpStream) -> io::Result<String> {
    match step {
        "timeout" => {
            stream.set_read_timeout(Some(duration(rest)?))?;
            stream.set_write_timeout(Some(duration(rest)?))?;
        }
        "send" => stream.write_all(rest.as_bytes())?,
        "flood" => io::copy(&mut io::repeat(b'x').take(number(rest)? as u64), stream).map(drop)?,
        "pour" => return Ok(pour(stream).to_string()),
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

/// Writes for as long as it can; answers how many bytes were taken.
fn pour(stream: &mut TcpStream) -> usize {
    std::iter::from_fn(|| stream.write(&[b'x'; 4096]).ok()).sum()
}

fn read(stream: &mut TcpStream, most: usize) -> io::Result<String> {
    let mut bytes = vec![0; most];
    let length = stream.read(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
}
