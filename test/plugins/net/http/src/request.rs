//! What to send, as the plugin's argument says it.

use anyhow::{Context, Result, bail};
use wasi::http::types::{Method, Scheme};

#[derive(Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) scheme: String,
    pub(crate) authority: String,
    pub(crate) path: Option<String>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) early: bool,
    pub(crate) timeouts: [Option<u64>; 3],
    pub(crate) count: bool,
    pub(crate) most: Option<usize>,
    pub(crate) abandon: bool,
}

impl Request {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut request = Self::default();
        for line in text.lines() {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            request.set(key, value)?;
        }
        Ok(request)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        match key {
            "method" => self.method = value.to_owned(),
            "url" => self.set_url(value)?,
            "header" => {
                let (name, value) = value.split_once(": ").context("a header without `: `")?;
                self.headers.push((name.to_owned(), value.into()));
            }
            "body" => self.body = Some(value.into()),
            "flood" => self.body = Some(vec![b'x'; value.parse()?]),
            "early" => self.early = true,
            "connect-timeout" => self.timeouts[0] = Some(value.parse()?),
            "first-byte-timeout" => self.timeouts[1] = Some(value.parse()?),
            "between-bytes-timeout" => self.timeouts[2] = Some(value.parse()?),
            "count" => self.count = true,
            "most" => self.most = Some(value.parse()?),
            "abandon" => self.abandon = true,
            _ => bail!("`{key}` is no part of a request"),
        }
        Ok(())
    }

    fn set_url(&mut self, url: &str) -> Result<()> {
        let (scheme, rest) = url.split_once("://").context("a URL without `://`")?;
        let (authority, path) = match rest.find('/') {
            Some(at) => (&rest[..at], Some(rest[at..].to_owned())),
            None => (rest, None),
        };
        (self.scheme, self.authority, self.path) = (scheme.to_owned(), authority.to_owned(), path);
        Ok(())
    }

    pub(crate) fn wasi_method(&self) -> Method {
        match self.method.as_str() {
            "" | "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "CONNECT" => Method::Connect,
            other => Method::Other(other.to_owned()),
        }
    }

    pub(crate) fn wasi_scheme(&self) -> Scheme {
        match self.scheme.as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => Scheme::Other(other.to_owned()),
        }
    }
}
