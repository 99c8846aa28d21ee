//! The first state: believable folders and dashboards.

use serde_json::json;

use super::{
    alerting::Alerting,
    state::{Dashboard, Folder, Grant, State, Version},
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
        let id = state.new_id();
        state.folders.push(Folder {
            id,
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
    extras(&mut state);
    state.datasources.push(json!({
        "id": 1, "uid": "prometheus", "orgId": 1, "name": "Prometheus", "type": "prometheus", "access": "proxy",
        "url": "http://prometheus:9090", "isDefault": true, "readOnly": true, "jsonData": {"httpMethod": "POST"}
    }));
    state
}

/// Who may see what, markers of deployments, a playlist for the wall, and a dashboard shown to everybody.
fn extras(state: &mut State) {
    let names = |all: &[(i64, &str)]| all.iter().map(|(id, name)| (*id, (*name).to_owned())).collect();
    state.teams = names(&[(1, "SRE"), (2, "Finance")]);
    state.users = names(&[(1, "admin"), (2, "ann"), (3, "ben")]);
    state.service_accounts = names(&[(4, "sa-1-aetherlink")]);
    let grant =
        |role: &str, team_id, user_id, permission| Grant { role: role.into(), team_id, user_id, permission };
    state.permissions.insert(
        "folder/rag".into(),
        vec![grant("Viewer", 0, 0, 1), grant("Editor", 0, 0, 2), grant("", 1, 0, 4), grant("", 0, 4, 2)],
    );
    // Nobody else is to see what customers pay.
    state.permissions.insert("folder/business".into(), vec![grant("", 2, 0, 2), grant("", 0, 2, 1)]);
    state.permissions.insert("dashboard/rag-00".into(), vec![grant("", 0, 3, 2)]);
    for (index, (dashboard, panel, text)) in [
        ("rag-00", 1, "Deploy 4.2.0"),
        ("rag-00", 1, "Deploy 4.2.1"),
        ("rag-00", 0, "Cache flushed"),
        ("platform-00", 2, "Kernel update"),
        ("", 0, "Load test"),
    ]
    .into_iter()
    .enumerate()
    {
        let time = 1_764_000_000_000_i64 + 3_600_000 * i64::try_from(index).unwrap_or(0);
        let id = state.new_id();
        state.annotations.push(json!({
            "id": id, "alertId": 0, "dashboardUID": dashboard, "panelId": panel, "userId": 1, "time": time,
            "timeEnd": time + 60_000, "text": text, "tags": ["deploy"], "data": {}
        }));
    }
    state.playlists.push(json!({
        "uid": "wall", "name": "Wall", "interval": "5m", "items": [
            {"type": "dashboard_by_uid", "value": "rag-00", "order": 1, "title": "Answers"},
            {"type": "dashboard_by_tag", "value": "platform", "order": 2, "title": "platform"}
        ]
    }));
    state.public_dashboards.push(json!({
        "uid": "status-page", "dashboardUid": "platform-00", "accessToken": "0123456789abcdef0123456789abcdef",
        "createdBy": 1, "updatedBy": 1, "createdAt": "2025-11-24T16:00:00Z", "updatedAt": "2025-11-24T16:00:00Z",
        "timeSelectionEnabled": false, "isEnabled": true, "annotationsEnabled": false, "share": "public"
    }));
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
