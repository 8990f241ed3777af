//! An HTTP client on `wasi:http`. Its argument describes a request, one `key value` a line:
//!
//! `method`, `url`, `header NAME: VALUE`, `body TEXT`, `flood BYTES` (a body of so many `x`), `early` (asks for the response
//! before the body is finished), `connect-timeout`, `first-byte-timeout` and `between-bytes-timeout` (milliseconds),
//! `count` (tells the length of the response's body instead of the body), `most BYTES` (reads no more of it),
//! `abandon` (drops the request once it is sent).
//!
//! It answers the status, the headers, an empty line and the body, or `error: ` and the error code.

mod exchange;
mod request;

use test_support::{Plain, Result, export_plugin};

fn run(args: Vec<u8>) -> Result<Vec<u8>> {
    let request = request::Request::parse(&String::from_utf8(args)?)?;
    Ok(exchange::send(&request)
        .unwrap_or_else(|error| format!("error: {error}"))
        .into_bytes())
}

export_plugin!(Plain::new("Http", run));
