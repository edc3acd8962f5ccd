//! `server:`

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::value::{Listen, PublicUrl, Size, Time, Whole};
use super::{Located, SecretText};

/// Only this machine, on a port that nothing else is known for.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4242);

section! {
    /// Where the gateway listens, and who may call it.
    Server is "`server`", later ["tls", "trusted_proxies"];
    /// The address and port. One that is not loopback needs `anonymous`, and either an https `public_url` or
    /// `insecure_http: true`.
    default listen: Located<Listen> = Located::nowhere(Listen(DEFAULT_LISTEN));
    /// How many single-threaded executors serve calls; unless written, the number of cores.
    optional executors: Whole<1, 1024>;
    /// Who may call without a key: `loopback` callers only, `never` anyone, `always` everyone. Unless written,
    /// loopback callers may until the first key exists.
    optional anonymous: Located<Anonymous>;
    /// Where clients reach the gateway from outside.
    optional public_url: Located<PublicUrl>;
    /// Accept keys over plain HTTP on an address that is not loopback.
    default insecure_http: bool = false;
    /// What the admin API is called with. The variable `GATEWRIGHT_ADMIN_TOKEN` alone works too; unless either is
    /// there, a token is made at the first start.
    optional admin_token: Located<SecretText>;
    /// Limits of what clients may send and hold.
    default caps: Caps = Caps::default();
}

choice! {
    /// Who may call without a key.
    Anonymous { Loopback = "loopback", Never = "never", Always = "always" } later []
}

section! {
    /// Limits of what clients may send and hold.
    Caps is "`caps`", later [];
    /// The largest request body.
    default body: Size = Size::mebibytes(32);
    /// How long a client may take to send the head of a request.
    default header_read: Time<1> = Time::secs(10);
    /// How long a client may take to send the body.
    default body_read: Time<1> = Time::secs(30);
    /// Calls in flight, over all executors.
    default concurrency: Whole<1, 1_000_000> = Whole(10_000);
    /// How long open streams may go on after the gateway was asked to stop.
    default drain: Time<0> = Time::secs(300);
}
