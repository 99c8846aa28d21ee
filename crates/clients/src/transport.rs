//! Tells transport errors apart. The kinds come from types wherever there are types: a text may hold a host name that
//! reads like a reason.

use std::io::ErrorKind;

use rustls::{AlertDescription, CertificateError, Error as TlsError};

use crate::error::{ClientError, Failure, chain};

/// What about the connection matters for the meaning of an error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Via {
    /// The address begins with `https://`.
    pub https: bool,
    /// A client certificate is configured.
    pub identity: bool,
}

/// The failure behind an error of the transport. The caller cleans it.
pub(crate) fn failure(error: &reqwest::Error, url: &str, via: Via) -> ClientError {
    let found = Found::in_chain(error);
    let detail = chain(error);
    let failure = if error.is_timeout() {
        Failure::Timeout
    } else if found.refused {
        Failure::Refused
    } else if let Some(why) = found.tls.map(|tls| tls_reason(tls, via.identity)) {
        Failure::Tls(why)
    } else if error.is_dns() {
        Failure::Dns
    } else if error.is_builder() {
        Failure::Config(detail.clone())
    } else if found.not_http && !via.https {
        Failure::WrongServer("it does not speak HTTP; it may require https://".into())
    } else if error.is_decode() && found.corrupt {
        Failure::Broken
    } else if error.is_body() || error.is_decode() {
        Failure::CutOff
    } else {
        Failure::Network
    };
    ClientError::new(failure, url, detail)
}

#[derive(Default)]
struct Found<'e> {
    refused: bool,
    /// Decompression met what is not gzip.
    corrupt: bool,
    not_http: bool,
    tls: Option<&'e TlsError>,
}

impl<'e> Found<'e> {
    fn in_chain(error: &'e reqwest::Error) -> Self {
        let mut found = Self::default();
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(cause) = source {
            found.look_at(cause);
            source = cause.source();
        }
        found
    }

    fn look_at(&mut self, cause: &'e (dyn std::error::Error + 'static)) {
        if let Some(tls) = cause.downcast_ref::<TlsError>() {
            self.tls = Some(tls);
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            self.refused |= io.kind() == ErrorKind::ConnectionRefused;
            self.corrupt |= matches!(io.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput);
            // `source` of an I/O error skips what it wraps.
            let mut inner = io.get_ref();
            while let Some(wrapped) = inner {
                if let Some(tls) = wrapped.downcast_ref::<TlsError>() {
                    self.tls = Some(tls);
                }
                inner = wrapped.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            }
        }
        if let Some(hyper) = cause.downcast_ref::<hyper::Error>() {
            self.not_http |= hyper.is_parse();
        }
    }
}

/// Why TLS failed, as a clause about the server.
fn tls_reason(error: &TlsError, identity: bool) -> String {
    match error {
        TlsError::InvalidCertificate(why) => certificate_reason(why),
        TlsError::AlertReceived(alert) => alert_reason(*alert, identity),
        TlsError::InvalidMessage(_) => "the response is not TLS".into(),
        TlsError::PeerIncompatible(_) => "no common TLS version or cipher".into(),
        other => format!("the handshake failed ({other})"),
    }
}

fn certificate_reason(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => "its certificate is from an unknown authority".into(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not yet valid".into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for a different host name".into()
        }
        CertificateError::Revoked => "its certificate has been revoked".into(),
        // Self-signed, made as an authority, and not trusted: webpki has this word for it.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "its certificate is from an unknown authority".into()
        }
        other => format!("its certificate is invalid ({other})"),
    }
}

fn alert_reason(alert: AlertDescription, identity: bool) -> String {
    match (alert, identity) {
        (AlertDescription::CertificateRequired, _)
        | (AlertDescription::BadCertificate | AlertDescription::NoCertificate, false) => {
            "it requires a client certificate".into()
        }
        (AlertDescription::UnknownCA, true) => {
            "it does not trust the authority of the client certificate".into()
        }
        (AlertDescription::CertificateExpired, true) => "the client certificate has expired".into(),
        (
            AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRevoked
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError,
            true,
        ) => format!("it rejected the client certificate ({alert:?})"),
        (AlertDescription::HandshakeFailure, false) => {
            "it rejected the handshake: no common cipher, or it requires a client certificate".into()
        }
        (AlertDescription::ProtocolVersion, _) => "no common TLS version".into(),
        (AlertDescription::UnrecognisedName, _) => "it does not know this host name".into(),
        (other, _) => format!("it rejected the handshake ({other:?})"),
    }
}
