//! The first state: believable folders and dashboards.

use serde_json::json;

use super::{
    alerting::Alerting,
    state::{Dashboard, Folder, State, Version},
};

const FOLDERS: [(&str, &str, Option<&str>); 6] = [
    ("platform", "Platform", None),
    ("platform-k8s", "Kubernetes", Some("platform")),
    ("platform-net", "Network", Some("platform")),
    ("rag", "RAG", None),
    ("rag-tenants", "Tenants", Some("rag")),
    ("business", "Business", None),
];

const BOARDS: [(&str, &[&str]); 6] = [
    ("platform", &["Hosts", "Disk latency", "Certificates", "Backups", "On-call load", "Postgres", "Redis"]),
    ("platform-k8s", &["Cluster", "Nodes", "Workloads", "Ingress", "Quota", "Image pulls", "Events"]),
    ("platform-net", &["Edge", "DNS", "Load balancers", "Peering"]),
    (
        "rag",
        &[
            "Answers",
            "Retrieval quality",
            "Reranker",
            "Embedding cache",
            "Prompt sizes",
            "Model latency",
            "Queue",
            "A/B: A-B",
        ],
    ),
    (
        "rag-tenants",
        &[
            "vip-customer-123",
            "vip-customer-456",
            "partner-abc",
            "acme",
            "globex",
            "initech",
            "umbrella",
            "shop-12",
        ],
    ),
    ("business", &["Cost", "Usage", "SLA report", "Churn", "Answers", "Cost / tenant"]),
];

/// Forty dashboards in six folders, with a title that stands twice and titles that no file name may hold.
pub fn first() -> State {
    let mut state = State { token: token(), alerting: Alerting::first(), ..State::default() };
    for (uid, title, parent) in FOLDERS {
        state.folders.push(Folder {
            uid: uid.into(),
            title: title.into(),
            parent_uid: parent.map(str::to_owned),
        });
    }
    for (folder, titles) in BOARDS {
        for (index, title) in titles.iter().enumerate() {
            let id = state.new_id();
            let uid = format!("{folder}-{index:02}");
            let data = json!({
                "id": id, "uid": uid, "title": title, "version": 1, "schemaVersion": 39, "tags": [folder],
                    "refresh": "30s",
                "time": {"from": "now-6h", "to": "now"},
                "panels": panels(title, 2 + index % 4),
            });
            let versions = vec![Version { version: 1, message: String::new(), created: 0, data, text: None }];
            state.dashboards.push(Dashboard {
                id,
                uid,
                folder_uid: Some(folder.into()),
                versions,
                ..Dashboard::default()
            });
        }
    }
    state.library.push(json!({
        "id": 1, "uid": "lib-slo", "name": "SLO table", "kind": 1, "folderUid": "rag", "type": "table", "version": 1,
        "model": {"type": "table", "title": "SLO table"}
    }));
    state.datasources.push(json!({
        "id": 1, "uid": "prometheus", "orgId": 1, "name": "Prometheus", "type": "prometheus", "access": "proxy",
        "url": "http://prometheus:9090", "isDefault": true, "readOnly": true, "jsonData": {"httpMethod": "POST"}
    }));
    state
}

fn panels(title: &str, count: usize) -> serde_json::Value {
    (0..count)
        .map(|index| {
            json!({
                "id": index + 1, "type": if index == 0 { "stat" } else { "timeseries" },
                "title": format!("{title} {}", index + 1),
                "datasource": {"type": "prometheus", "uid": "prometheus"},
                "gridPos": {"x": (index % 2) * 12, "y": (index / 2) * 8, "w": 12, "h": 8},
                "targets": [{"refId": "A", "expr": "sum(rate(aether_rag_answers_total[5m]))"}]
            })
        })
        .collect()
}

/// A token in the form of a service account's, made new for each state.
fn token() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    let random = || RandomState::new().hash_one(std::process::id());
    format!("glsa_{:016x}{:016x}_{:08x}", random(), random(), random() as u32)
}
