//! Sends a request and reads the response, the way client libraries do. Errors are texts.

use crate::request::Request;
use wasi::http::outgoing_handler::{RequestOptions, handle};
use wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, FutureTrailers, IncomingBody, IncomingResponse,
    OutgoingBody, OutgoingRequest, http_error_code,
};
use wasi::io::streams::{InputStream, StreamError};

type Outcome<T> = Result<T, String>;

pub(crate) fn send(wanted: &Request) -> Outcome<String> {
    let request = outgoing(wanted)?;
    let body = wanted.body.is_some().then(|| request.body()).transpose();
    let body = body.map_err(|()| "no body")?;
    let response = handle(request, Some(options(wanted)?)).map_err(text)?;
    if wanted.abandon {
        drop(body);
        return Ok("abandoned".to_owned());
    }
    if wanted.early {
        response.subscribe().block();
    }
    if let (Some(body), Some(bytes)) = (body, &wanted.body) {
        write(body, bytes)?;
    }
    describe(&wait(&response)?, wanted)
}

fn outgoing(wanted: &Request) -> Outcome<OutgoingRequest> {
    let headers = Fields::from_list(&wanted.headers).map_err(|error| format!("{error:?}"))?;
    let request = OutgoingRequest::new(headers);
    request
        .set_method(&wanted.wasi_method())
        .map_err(|()| "method")?;
    request
        .set_scheme(Some(&wanted.wasi_scheme()))
        .map_err(|()| "scheme")?;
    let authority = Some(wanted.authority.as_str());
    request.set_authority(authority).map_err(|()| "authority")?;
    let path = wanted.path.as_deref();
    request.set_path_with_query(path).map_err(|()| "path")?;
    Ok(request)
}

fn options(wanted: &Request) -> Outcome<RequestOptions> {
    let [connect, first, between] = wanted
        .timeouts
        .map(|millis| millis.map(|millis| millis * 1_000_000));
    let options = RequestOptions::new();
    options
        .set_connect_timeout(connect)
        .map_err(|()| "connect-timeout")?;
    options
        .set_first_byte_timeout(first)
        .map_err(|()| "first-byte-timeout")?;
    options
        .set_between_bytes_timeout(between)
        .map_err(|()| "between-bytes-timeout")?;
    Ok(options)
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Outcome<()> {
    let stream = body.write().map_err(|()| "no stream")?;
    for chunk in bytes.chunks(4096) {
        stream
            .blocking_write_and_flush(chunk)
            .map_err(stream_text)?;
    }
    drop(stream);
    OutgoingBody::finish(body, None).map_err(text)
}

fn wait(response: &FutureIncomingResponse) -> Outcome<IncomingResponse> {
    loop {
        if let Some(answer) = response.get() {
            return answer.map_err(|()| "taken twice")?.map_err(text);
        }
        response.subscribe().block();
    }
}

fn describe(response: &IncomingResponse, wanted: &Request) -> Outcome<String> {
    let mut said = format!("{}\n", response.status());
    for (name, value) in response.headers().entries() {
        said += &format!("{name}: {}\n", String::from_utf8_lossy(&value));
    }
    let body = response.consume().map_err(|()| "consumed")?;
    let stream = body.stream().map_err(|()| "streamed")?;
    let (bytes, ended) = read(&stream, wanted.most.unwrap_or(usize::MAX))?;
    drop(stream);
    if ended {
        for (name, value) in trailers(IncomingBody::finish(body))? {
            said += &format!("trailer {name}: {}\n", String::from_utf8_lossy(&value));
        }
    }
    said.push('\n');
    if wanted.count {
        return Ok(said + &bytes.len().to_string());
    }
    Ok(said + &String::from_utf8_lossy(&bytes))
}

/// The bytes, and whether they are all.
fn read(stream: &InputStream, most: usize) -> Outcome<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    while bytes.len() < most {
        match stream.blocking_read((most - bytes.len()).min(65_536) as u64) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => return Ok((bytes, true)),
            Err(error) => return Err(stream_text(error)),
        }
    }
    Ok((bytes, false))
}

fn trailers(future: FutureTrailers) -> Outcome<Vec<(String, Vec<u8>)>> {
    loop {
        if let Some(answer) = future.get() {
            let trailers = answer.map_err(|()| "taken twice")?.map_err(text)?;
            return Ok(trailers
                .map(|trailers| trailers.entries())
                .unwrap_or_default());
        }
        future.subscribe().block();
    }
}

fn text(error: ErrorCode) -> String {
    format!("{error:?}")
}

fn stream_text(error: StreamError) -> String {
    match error {
        StreamError::LastOperationFailed(error) => match http_error_code(&error) {
            Some(code) => format!("stream {code:?}"),
            None => format!("stream {}", error.to_debug_string()),
        },
        StreamError::Closed => "stream closed".to_owned(),
    }
}
