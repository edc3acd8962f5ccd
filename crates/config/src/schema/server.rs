//! `server:`

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::value::{FilePath, Listen, NetworkText, PublicUrl, Size, Time, Whole};
use super::{Located, SecretText};

/// Only this machine, on a port that nothing else is known for.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4242);

section! {
    /// Where the gateway listens, and who may call it.
    Server is "`server`", later [];
    /// The address and port; unless written, the variable `GATEWRIGHT_LISTEN` counts. One that is not loopback needs
    /// `anonymous`, and `tls`, an https `public_url` or `insecure_http: true`.
    default listen: Located<Listen> = Located::nowhere(Listen(DEFAULT_LISTEN));
    /// How many single-threaded executors serve calls; unless written, the number of cores.
    optional executors: Whole<1, 1024>;
    /// Who may call without a key: `loopback` callers only, `never` anyone, `always` everyone. Unless written,
    /// the variable `GATEWRIGHT_ANONYMOUS` counts, and without it loopback callers may until the first key exists.
    optional anonymous: Located<Anonymous>;
    /// Where clients reach the gateway from outside; unless written, the variable `GATEWRIGHT_PUBLIC_URL` counts.
    optional public_url: Located<PublicUrl>;
    /// Accept keys over plain HTTP on an address that is not loopback; unless written, the variable
    /// `GATEWRIGHT_INSECURE_HTTP` counts.
    optional insecure_http: bool;
    /// The certificate to serve HTTPS with.
    optional tls: Tls;
    /// Addresses and networks of proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `Forwarded` are believed.
    optional trusted_proxies: Vec<Located<NetworkText>>;
    /// What the admin API is called with. The variable `GATEWRIGHT_ADMIN_TOKEN` alone works too; unless either is
    /// there, a token is made at the first start.
    optional admin_token: Located<SecretText>;
    /// Limits of what clients may send and hold.
    default caps: Caps = Caps::default();
}

section! {
    /// The certificate to serve HTTPS with. New files are taken while the gateway runs.
    Tls is "`tls`", later [];
    /// The certificate and its intermediates (PEM), the leaf first.
    required cert: Located<FilePath>;
    /// The private key (PEM), without a passphrase.
    required key: Located<FilePath>;
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
    /// How long new connections are still taken after the gateway was asked to stop, while `/readyz` says no: as long
    /// as load balancers need to notice. Unless written, the variable `GATEWRIGHT_LAME_DUCK` counts, and without it
    /// there is no such time.
    optional lame_duck: Time<0>;
    /// How long open streams may go on after that.
    default drain: Time<0> = Time::secs(300);
}
