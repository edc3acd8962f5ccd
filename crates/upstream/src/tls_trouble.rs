//! Why a TLS session did not come about, and what to do: the two people who can help read this sentence.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// The library's word for word, and then advice.
pub(crate) fn explain(error: &io::Error, host: &str) -> String {
    let source = error.get_ref().and_then(|source| source.downcast_ref::<Error>());
    match source.map(advice) {
        Some(Some(advice)) => advice.replace("{host}", host),
        Some(None) | None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "it closed the connection during the handshake; perhaps it does not speak TLS on this port"
                .to_owned()
        }
        Some(None) | None => error.to_string(),
    }
}

fn advice(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::InvalidCertificate(certificate) => return of_certificate(certificate),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "it does not speak TLS on this port; check the port, or begin the URL with `http://`"
        }
        Error::AlertReceived(AlertDescription::CertificateRequired | AlertDescription::BadCertificate) => {
            "it wants a certificate from us that it knows; set `egress.client_cert` and `egress.client_key`"
        }
        Error::AlertReceived(AlertDescription::UnknownCA | AlertDescription::CertificateUnknown) => {
            "it does not trust the certificate in `egress.client_cert`; use one that its owner has issued"
        }
        Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            "it does not know the name `{host}`; check the host of the URL"
        }
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            "it speaks no version or cipher of TLS that is safe; TLS 1.2 and 1.3 are"
        }
        _ => return None,
    })
}

fn of_certificate(error: &CertificateError) -> Option<&'static str> {
    Some(match error {
        // A bad signature is that of an authority which was made anew under its old name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "nobody whom we trust has signed its certificate; if it is right, put the certificate of its authority (PEM) \
             into `egress.ca_file`"
        }
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "its certificate is that of an authority and cannot be a server's; have it issue one for `{host}`"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired; its owner must renew it (or the clock of this machine is wrong)"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; check the clock of this machine"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is not for `{host}`; check the host of the URL"
        }
        CertificateError::Revoked => "its certificate was revoked; its owner must get a new one",
        _ => return None,
    })
}
