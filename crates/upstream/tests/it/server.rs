//! A server that is a script: per connection, and per request on it, the bytes to answer with.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use upstream::{BodyError, Client, Origin, Request, Response, SendError, Tls};

/// What the server does.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Reads a whole request and sends these pieces, each by a write of its own.
    Answer(Vec<&'static [u8]>),
    /// Sends without having read anything.
    Say(&'static [u8]),
    /// Closes the connection; the next one goes on with the script.
    Close,
    /// Closes it so that the client sees a reset.
    Reset,
}

/// Runs `exchange` with a client and the origin of a server that follows `script`. Returns the requests that the server
/// has read, each with the number of its connection, and what `exchange` returned. When the script is at its end, the
/// server leaves the connection open.
pub(crate) async fn with_server<T>(
    script: Vec<Step>,
    exchange: impl AsyncFnOnce(&Client, &Origin) -> T,
) -> (Vec<(usize, String)>, T) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let requests = Rc::new(RefCell::new(Vec::new()));
    let client = Client::new(Tls::new(None).unwrap(), None);
    let origin = Origin { tls: false, host: "127.0.0.1".into(), port, allow_private: true };
    let result = tokio::select! {
        () = serve(listener, script, Rc::clone(&requests)) => unreachable!("a server never ends by itself"),
        result = tokio::time::timeout(Duration::from_secs(10), exchange(&client, &origin)) => result.unwrap(),
    };
    (requests.take(), result)
}

async fn serve(listener: TcpListener, script: Vec<Step>, requests: Rc<RefCell<Vec<(usize, String)>>>) {
    let mut script = script.into_iter();
    for number in 0.. {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        loop {
            match script.next() {
                Some(Step::Answer(pieces)) => {
                    let Some(request) = read_request(&mut stream).await else { break };
                    requests.borrow_mut().push((number, request));
                    for piece in pieces {
                        // A client that has seen enough closes.
                        let _ = stream.write_all(piece).await;
                        tokio::task::yield_now().await;
                    }
                }
                Some(Step::Say(bytes)) => stream.write_all(bytes).await.unwrap(),
                Some(Step::Close) => break,
                Some(Step::Reset) => {
                    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
                    break;
                }
                None => std::future::pending().await,
            }
        }
    }
}

/// Head and body; `None` where the client closed instead.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        if body.len() >= length.parse().unwrap() {
            return Some(text.into_owned());
        }
    }
}

pub(crate) async fn post(client: &Client, origin: &Origin, body: &[Bytes]) -> Result<Response, SendError> {
    let request = Request {
        method: &Method::POST,
        path: &PathAndQuery::from_static("/v1/x"),
        authority: &HeaderValue::from_static("here"),
        auth: None,
        headers: &HeaderMap::new(),
        body,
    };
    client.send(origin, Duration::from_secs(5), &request).await
}

/// A request, and all of its reply: status, and body or what broke it.
pub(crate) async fn talk(client: &Client, origin: &Origin) -> Result<(u16, String), String> {
    let response =
        post(client, origin, &[Bytes::from_static(b"{}")]).await.map_err(|error| error.to_string())?;
    let status = response.status.as_u16();
    let body = read(response).await.map_err(|(_, error)| error.to_string())?;
    Ok((status, String::from_utf8(body).unwrap()))
}

/// The body, or what came of it before it broke.
pub(crate) async fn read(mut response: Response) -> Result<Vec<u8>, (Vec<u8>, BodyError)> {
    let mut body = Vec::new();
    while let Some(chunk) = response.body.chunk().await {
        match chunk {
            Ok(chunk) => body.extend_from_slice(&chunk),
            Err(error) => return Err((body, error)),
        }
    }
    Ok(body)
}
