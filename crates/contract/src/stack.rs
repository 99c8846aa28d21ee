//! Stacks: profiles, services and endpoints.

use crate::{Freshness, PanelError, Timestamp, wire};

wire! {
    /// A server of the stack that the panel talks to.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum ServiceKind {
        /// Prometheus or a compatible server.
        Prometheus,
        /// Alertmanager, one or several members.
        Alertmanager,
        /// Grafana.
        Grafana,
    }
}

impl ServiceKind {
    /// The name in profiles, secret ids and errors.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prometheus => "prometheus",
            Self::Alertmanager => "alertmanager",
            Self::Grafana => "grafana",
        }
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Prometheus => "Prometheus",
            Self::Alertmanager => "Alertmanager",
            Self::Grafana => "Grafana",
        }
    }
}

wire! {
    /// One address of a service.
    pub struct MemberStatus {
        /// Address, without credentials.
        pub url: String,
        /// How far its last answer can be trusted.
        pub freshness: Freshness,
        /// Version it reports.
        pub version: Option<String>,
        /// Time of the last good round trip, in milliseconds.
        pub latency_ms: Option<u32>,
        /// Server's clock minus this machine's, in milliseconds, from the `Date` header.
        pub clock_offset_ms: Option<i32>,
        /// Whether credentials cross the network unencrypted on their way there (plain HTTP to another machine).
        pub credentials_exposed: bool,
    }
}

wire! {
    /// A service with all its members.
    pub struct ServiceStatus {
        /// Which.
        pub kind: ServiceKind,
        /// Name for people.
        pub title: String,
        /// The whole: fresh while at least one member answers; its error is that of a failing member.
        pub freshness: Freshness,
        /// Version, when the members agree on one.
        pub version: Option<String>,
        /// The program that answers, when it is not the namesake ("VictoriaMetrics", "Mimir").
        pub flavour: Option<String>,
        /// One a member.
        pub members: Vec<MemberStatus>,
        /// Page for people, for "open in …".
        pub web_url: String,
        /// Seconds between polls.
        pub interval_s: u32,
        /// When the next attempt is due.
        pub next_poll: Option<Timestamp>,
    }
}

wire! {
    /// Where a stack's profile comes from.
    #[derive(Eq)]
    #[serde(tag = "kind")]
    pub enum StackSource {
        /// Built into the panel.
        BuiltIn,
        /// A file.
        File {
            /// Its path.
            path: String,
        },
    }
}

wire! {
    /// One stack that can be selected.
    pub struct StackEntry {
        /// Name.
        pub name: String,
        /// Where it comes from.
        pub source: StackSource,
        /// Why the file is refused; the last good profile (if any) stays in force.
        pub error: Option<PanelError>,
    }
}

wire! {
    /// All stacks.
    pub struct StackList {
        /// The selected one.
        pub active: String,
        /// All of them, by name.
        pub stacks: Vec<StackEntry>,
        /// True until a person has chosen or saved a stack: the window offers the first start.
        pub first_start: bool,
    }
}

wire! {
    /// Names a stack.
    pub struct StackName {
        /// Its name.
        pub name: String,
    }
}

wire! {
    /// How the panel authenticates to an endpoint. Secrets are named, never held.
    #[derive(Eq, Default)]
    #[serde(tag = "kind")]
    pub enum AuthSpec {
        /// No credentials.
        #[default]
        None,
        /// User and password; the password is the secret `<service>/password`.
        Basic {
            /// User name.
            username: String,
        },
        /// A bearer token, the secret `<service>/token`.
        Bearer,
    }
}

wire! {
    /// An endpoint as a profile describes it.
    #[derive(Eq, Default)]
    #[serde(default)]
    pub struct EndpointSpec {
        /// Addresses (several only for Alertmanager). A base path is kept: `https://host/alertmanager`.
        pub urls: Vec<String>,
        /// Credentials.
        pub auth: AuthSpec,
        /// Extra request headers, e.g. `X-Scope-OrgID`. Not for secrets.
        pub headers: std::collections::BTreeMap<String, String>,
        /// PEM file with the authorities to trust besides the system's.
        pub ca_file: Option<String>,
        /// PEM file with the client's certificate (mutual TLS).
        pub client_cert_file: Option<String>,
        /// PEM file with the client's key (mutual TLS).
        pub client_key_file: Option<String>,
        /// Whether credentials may cross the network unencrypted, to an `http://` address that is not loopback.
        pub allow_plain_http: bool,
    }
}

wire! {
    /// What a check of the profile's own asks, as it stands in the file.
    #[serde(tag = "kind")]
    pub enum CustomCheckKind {
        /// A query whose every value has to fit.
        Query {
            /// PromQL; `$tenant_label` stands for the profile's tenant label.
            query: String,
            /// A comparison and a number, e.g. `> 0`.
            expect: String,
        },
        /// An address that has to answer.
        Http {
            /// http or https.
            url: String,
            /// Expected status.
            status: u16,
            /// What the answer has to hold; empty: anything.
            contains: String,
        },
    }
}

wire! {
    /// A check of the profile's own.
    pub struct CustomCheck {
        /// Id: 1 to 64 characters of `a-z`, `0-9`, `-`, `_`.
        pub id: String,
        /// Title.
        pub title: String,
        /// What it asks.
        pub ask: CustomCheckKind,
        /// Suites that it is part of.
        pub suites: Vec<crate::CheckSuite>,
        /// What to do when it fails; empty: nothing is said.
        pub remedy: String,
    }
}

wire! {
    /// The part of a profile that the settings screen edits.
    pub struct StackDetail {
        /// Name.
        pub name: String,
        /// Where it comes from.
        pub source: StackSource,
        /// Label that names the tenant.
        pub tenant_label: String,
        /// VIP tenants.
        pub vip_tenants: Vec<String>,
        /// Heartbeat alert that a maintenance window leaves audible. Empty: none.
        pub heartbeat: String,
        /// Prometheus.
        pub prometheus: EndpointSpec,
        /// Alertmanager.
        pub alertmanager: EndpointSpec,
        /// Grafana; without an address it is not used.
        pub grafana: EndpointSpec,
        /// The gauges, in order.
        pub gauges: Vec<crate::GaugeSpec>,
        /// Checks of its own, in order.
        pub checks: Vec<CustomCheck>,
    }
}

wire! {
    /// Creates or changes a stack's file. Everything that is not here stays as it stands in the file.
    pub struct StackSaveRequest {
        /// Name: 1 to 64 characters of `a-z`, `0-9`, `-`, `_`.
        pub name: String,
        /// Label that names the tenant.
        pub tenant_label: String,
        /// VIP tenants.
        pub vip_tenants: Vec<String>,
        /// Heartbeat alert. Empty: none.
        pub heartbeat: String,
        /// Prometheus.
        pub prometheus: EndpointSpec,
        /// Alertmanager.
        pub alertmanager: EndpointSpec,
        /// Grafana.
        pub grafana: EndpointSpec,
        /// Checks of its own, all of them, known by their ids; none: they stay as they are.
        #[serde(default)]
        pub checks: Option<Vec<CustomCheck>>,
        /// Whether to select it afterwards.
        pub select: bool,
    }
}

wire! {
    /// Asks whether an endpoint works, with the stored credentials of the selected stack.
    pub struct EndpointTestRequest {
        /// What is expected there.
        pub service: ServiceKind,
        /// The endpoint as typed.
        pub endpoint: EndpointSpec,
    }
}

wire! {
    /// What one address answered.
    pub struct EndpointTestResult {
        /// Address.
        pub url: String,
        /// Whether it is what was expected and the credentials are accepted.
        pub ok: bool,
        /// Version it reports.
        pub version: Option<String>,
        /// The program that answers, when it is not the namesake.
        pub flavour: Option<String>,
        /// Round trip in milliseconds.
        pub latency_ms: Option<u32>,
        /// Server's clock minus this machine's, in milliseconds.
        pub clock_offset_ms: Option<i32>,
        /// What is wrong.
        pub error: Option<PanelError>,
        /// Things worth knowing although it works ("anonymous access: the token was not checked").
        pub notes: Vec<String>,
    }
}

wire! {
    /// One result an address.
    pub struct EndpointTestReport {
        /// The results, in the order of the addresses.
        pub results: Vec<EndpointTestResult>,
    }
}

wire! {
    /// A service found on one of the usual loopback ports.
    pub struct DiscoveredService {
        /// Which.
        pub service: ServiceKind,
        /// Address.
        pub url: String,
        /// Version it reports.
        pub version: Option<String>,
    }
}

wire! {
    /// What was found on the usual loopback ports (9090, 9093, 3000).
    pub struct DiscoverReport {
        /// What was found.
        pub found: Vec<DiscoveredService>,
        /// Addresses that were tried.
        pub tried: Vec<String>,
    }
}
