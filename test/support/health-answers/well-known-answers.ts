/**
 * What well-known servers and frameworks return while they are healthy. Each must stay healthy, however the reader of
 * responses changes.
 */

const WELL_KNOWN: Readonly<Record<string, string>> = {
  // Frameworks
  'Spring Boot': '{"status":"UP","groups":["liveness","readiness"]}',
  'Spring Boot with components':
    '{"status":"UP","components":{"db":{"status":"UP","details":{"database":"PostgreSQL","validationQuery":"isValid()"}},' +
    '"diskSpace":{"status":"UP","details":{"total":250685575168,"free":1,"threshold":10485760,"exists":true}},' +
    '"discoveryComposite":{"status":"UNKNOWN"},"ping":{"status":"UP"}}}',
  'Spring Boot, resilience4j':
    '{"status":"UP","components":{"circuitBreakers":{"status":"UP","details":{"a":{"status":"UP","details":{"state":"CLOSED"}}}}}}',
  Quarkus:
    '{"status":"UP","checks":[{"name":"Database connections health check","status":"UP","data":{"<default>":"UP"}}]}',
  'Quarkus without checks': '{"status": "UP","checks": []}',
  Micronaut: '{"name":"shop","status":"UP","details":{"jdbc":{"name":"shop","status":"UP","details":{}}}}',
  Helidon: '{"outcome":"UP","status":"UP","checks":[{"name":"deadlock","state":"UP","status":"UP"}]}',
  WildFly: '{"status":"UP","checks":[{"name":"ready-deployment.app.war","status":"UP","data":{"outcome":"success"}}]}',
  'Vert.x': '{"status":"UP","checks":[{"id":"event-bus","status":"UP"}],"outcome":"UP"}',
  Dropwizard:
    '{"deadlocks":{"healthy":true,"duration":0,"timestamp":"2026-01-01T00:00:00Z"},"hibernate":{"healthy":true}}',
  'ASP.NET Core': 'Healthy',
  'ASP.NET Core UI':
    '{"status":"Healthy","totalDuration":"00:00:00.0027","entries":{"sql":{"data":{},"duration":"00:00:00.001","status":"Healthy","tags":[]}}}',
  'NestJS Terminus': '{"status":"ok","info":{"db":{"status":"up"}},"error":{},"details":{"db":{"status":"up"}}}',
  Fastify: '{"statusCode":200,"status":"ok","uptime":12.25}',
  Express: '{"uptime":81.2,"message":"OK","timestamp":1767225600000}',
  'express-actuator info':
    '{"build":{"name":"a","version":"1.0.0"},"git":{"branch":"main","commit":{"id":"f1","time":1}}}',
  Moleculer:
    '{"cpu":{"load1":0.2,"cores":8,"utilization":3},"mem":{"free":1,"total":2,"percent":50},"os":{"uptime":9}}',
  FastAPI: '{"status":"healthy"}',
  'Django health check': '{"Cache backend: default": "working", "DatabaseBackend": "working", "DiskUsage": "working"}',
  Rails: '<!DOCTYPE html><html><body style="background-color: green"></body></html>',
  Laravel: '<!DOCTYPE html><html lang="en"><head><title>Laravel</title></head><body>Application up</body></html>',
  Phoenix: '{"status":"ok","version":"1.7.10"}',
  'PHP-FPM ping': 'pong',
  'PHP-FPM status':
    'pool:                 www\nprocess manager:      dynamic\nstart since:          12\nmax children reached: 0',
  Akka: '"OK"',
  'gRPC gateway': '{"status":"SERVING"}',
  lightship: 'SERVER_IS_READY',
  GraphQL: '{"data":{"__typename":"Query"}}',
  'GraphQL health': '{"data":{"health":"ok"}}',
  'JSON:API': '{"data":[],"meta":{"total":0},"errors":[]}',
  'JSON-RPC': '{"jsonrpc":"2.0","id":1,"result":"ok"}',
  JSend: '{"status":"success","data":{"uptime":12}}',
  'an envelope': '{"success":true,"code":0,"msg":"success","data":{"version":"2.1"}}',
  RuoYi: '{"code":200,"msg":"操作成功","data":null}',
  // Databases, queues, caches
  Elasticsearch: '{"cluster_name":"logs","status":"green","timed_out":false,"number_of_nodes":3,"unassigned_shards":0}',
  'Elasticsearch root': '{"name":"n","cluster_name":"c","version":{"number":"8.1"},"tagline":"You Know, for Search"}',
  OpenSearch: '{"cluster_name":"o","status":"green","timed_out":false,"discovered_master":true,"active_shards":4}',
  'Solr ping':
    '{"responseHeader":{"zkConnected":null,"status":0,"QTime":1,"params":{"q":"{!lucene}*:*"}},"status":"OK"}',
  'Solr system': '{"responseHeader":{"status":0,"QTime":5},"mode":"std","solr_home":"/var/solr"}',
  Meilisearch: '{"status":"available"}',
  Typesense: '{"ok":true}',
  Qdrant: 'healthz check passed',
  'Qdrant root': '{"title":"qdrant - vector search engine","version":"1.7.0","commit":"4f9"}',
  Milvus: 'OK',
  Chroma: '{"nanosecond heartbeat":1767225600000000000}',
  ClickHouse: 'Ok.\n',
  InfluxDB:
    '{"name":"influxdb","message":"ready for queries and writes","status":"pass","checks":[],"version":"v2.7.1","commit":"407fa622e9"}',
  'InfluxDB ready': '{"status":"ready","started":"2026-01-01T00:00:00Z","up":"1h2m3.5s"}',
  CouchDB: '{"status":"ok"}',
  'CouchDB root':
    '{"couchdb":"Welcome","version":"3.3.2","features":["quickjs"],"vendor":{"name":"The Apache Software Foundation"}}',
  CockroachDB:
    '{"nodeId":1,"address":{"networkField":"tcp","addressField":"localhost:26257"},"buildInfo":{"tag":"v23"}}',
  MongoDB: '{"ok":1}',
  Neo4j: '{"bolt_routing":"neo4j://localhost:7687","transaction":"http://localhost:7474/db/x","neo4j_version":"5.1"}',
  'Neo4j cluster': 'true',
  ArangoDB: '{"server":"arango","license":"community","version":"3.11.1"}',
  'ArangoDB availability': '{"mode":"default","error":false,"code":200}',
  Dgraph:
    '[{"instance":"alpha","address":"localhost:7080","status":"healthy","group":"1","version":"v23","uptime":12,"ongoing":[]}]',
  TiDB: '{"connections":0,"version":"8.0.11-TiDB-v7.5.0","git_hash":"069631e"}',
  Trino:
    '{"nodeVersion":{"version":"4"},"environment":"production","coordinator":true,"starting":false,"uptime":"1.00m"}',
  Druid: 'true',
  Patroni:
    '{"state":"running","postmaster_start_time":"2026-01-01","role":"master","server_version":150004,"timeline":1}',
  'Patroni, a replica':
    '{"state":"streaming","role":"replica","xlog":{"received_location":1,"paused":false},"timeline":1}',
  etcd: '{"health":"true","reason":""}',
  'etcd, verbose': '[+]data_corruption ok\n[+]serializable_read ok\nok\n',
  ZooKeeper: '{"command":"ruok","error":null}',
  'ZooKeeper ruok': 'imok',
  RabbitMQ: '{"status":"ok"}',
  NATS: '{"status":"ok"}',
  'Kafka Connect': '{"version":"3.6.0","commit":"60e845626d8a465a","kafka_cluster_id":"I4ZmrWqfT2e"}',
  'Kafka Connect connector':
    '{"name":"s","connector":{"state":"RUNNING","worker_id":"10.0.0.1:8083"},"tasks":[{"id":0,"state":"RUNNING"}],"type":"sink"}',
  'Schema Registry': '{}',
  Flink: '{"taskmanagers":1,"slots-total":4,"slots-available":0,"jobs-running":1,"jobs-finished":0,"jobs-failed":0}',
  Ceph: '{"health":{"status":"HEALTH_OK","checks":{},"mutes":[]},"election_epoch":3,"quorum":[0]}',
  // Infrastructure
  'Consul, the leader': '"10.1.10.12:8300"',
  'Consul, checks':
    '[{"Node":"a","CheckID":"serfHealth","Name":"Serf Health Status","Status":"passing","Notes":"","Output":""}]',
  Nomad: '{"client":{"message":"ok","ok":true},"server":{"message":"ok","ok":true}}',
  Vault:
    '{"initialized":true,"sealed":false,"standby":false,"performance_standby":false,"replication_performance_mode":"disabled",' +
    '"replication_dr_mode":"disabled","server_time_utc":1767225600,"version":"1.15.2","cluster_name":"v","cluster_id":"x"}',
  Kubernetes:
    '[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]poststarthook/start-apiextensions-informers ok\nreadyz check passed\n',
  kubelet: 'ok',
  'Docker registry': '{}',
  'Docker ping': 'OK',
  Harbor:
    '{"status":"healthy","components":[{"name":"core","status":"healthy"},{"name":"jobservice","status":"healthy"}]}',
  'Harbor ping': 'Pong',
  Traefik: 'OK',
  Envoy: 'LIVE\n',
  HAProxy: '<html><body><h1>200 OK</h1>\nService ready.\n</body></html>\n',
  nginx: 'Active connections: 1 \nserver accepts handled requests\n 16 16 18 \nReading: 0 Writing: 1 Waiting: 0 \n',
  Apache: 'Total Accesses: 12\nTotal kBytes: 4\nUptime: 33\nBusyWorkers: 1\nIdleWorkers: 9\nScoreboard: _W___',
  Kong: '{"database":{"reachable":true},"server":{"connections_writing":1,"total_requests":3,"connections_accepted":1}}',
  Tyk: '{"status":"pass","version":"v5.0","description":"Tyk GW","details":{"redis":{"status":"pass","componentType":"datastore"}}}',
  KrakenD: '{"agents":{},"now":"2026-01-01 00:00:00","status":"ok"}',
  Linkerd: 'pong\n',
  'Argo CD': 'ok',
  'OpenTelemetry collector': '{"status":"Server available","upSince":"2026-01-01T00:00:00Z","uptime":"1h2m3s"}',
  Prometheus: 'Prometheus Server is Healthy.\n',
  'Prometheus, ready': 'Prometheus Server is Ready.\n',
  Alertmanager: 'OK',
  Grafana: '{"commit":"03f502a94d","database":"ok","version":"10.2.0"}',
  Loki: 'ready\n',
  VictoriaMetrics: 'OK',
  Zipkin: '{"status":"UP","zipkin":{"status":"UP","details":{"ElasticsearchStorage{}":{"status":"UP"}}}}',
  'Fluent Bit': 'ok\n',
  Kibana:
    '{"name":"k","uuid":"5b2","version":{"number":"8.11.0"},"status":{"overall":{"level":"available","summary":"All services ' +
    'and plugins are available"},"core":{"elasticsearch":{"level":"available","summary":"ok","meta":{"warningNodes":[]}}}}}',
  MinIO: '',
  Dapr: '',
  // Applications
  Keycloak: '{"status":"UP","checks":[{"name":"Keycloak database connections async health check","status":"UP"}]}',
  'Ory Kratos': '{"status":"ok"}',
  Authelia: '{"status":"OK"}',
  'Supabase Auth':
    '{"version":"v2.132.3","name":"GoTrue","description":"GoTrue is a user registration and authentication API"}',
  Hasura: 'OK',
  Directus: '{"status":"ok"}',
  GitLab: 'GitLab OK',
  'GitLab readiness': '{"status":"ok","master_check":[{"status":"ok"}]}',
  Gitea:
    '{"status":"pass","description":"Gitea: Git with a cup of tea","checks":{"cache:ping":[{"status":"pass","time":"2026"}]}}',
  SonarQube: '{"health":"GREEN","causes":[]}',
  'SonarQube status': '{"id":"AY1","version":"10.3.0","status":"UP"}',
  Nexus:
    '{"Available CPUs":{"healthy":true,"message":"The host system is allocating a recommended number of CPUs"},"Blob Stores":{"healthy":true}}',
  Artifactory:
    '{"router":{"node_id":"a","state":"HEALTHY","message":"OK"},"services":[{"service_id":"jfrt@1","state":"HEALTHY","message":"OK"}]}',
  Mattermost:
    '{"AndroidLatestVersion":"","AndroidMinVersion":"","IosLatestVersion":"","IosMinVersion":"","status":"OK"}',
  Synapse: 'OK',
  Nextcloud:
    '{"installed":true,"maintenance":false,"needsDbUpgrade":false,"version":"27.1.4.1","versionstring":"27.1.4","edition":"",' +
    '"productname":"Nextcloud","extendedSupport":false}',
  'Home Assistant': '{"message":"API running."}',
  Jellyfin: 'Healthy',
  Sonarr: '{"status":"OK"}',
  n8n: '{"status":"ok"}',
  Airflow:
    '{"dag_processor":{"latest_dag_processor_heartbeat":null,"status":null},"metadatabase":{"status":"healthy"},' +
    '"scheduler":{"latest_scheduler_heartbeat":"2026-01-01T00:00:00","status":"healthy"},' +
    '"triggerer":{"latest_triggerer_heartbeat":null,"status":null}}',
  Superset: 'OK',
  Metabase: '{"status":"ok"}',
  Redash: 'PONG.',
  Prefect: 'true',
  MLflow: 'OK',
  Ollama: 'Ollama is running',
  'llama.cpp': '{"status":"ok","slots_idle":1,"slots_processing":0}',
  'TensorFlow Serving':
    '{"model_version_status":[{"version":"1","state":"AVAILABLE","status":{"error_code":"OK","error_message":""}}]}',
  TorchServe: '{"status":"Healthy"}',
  Sentry: 'ok',
  Unleash: '{"health":"GOOD"}',
  'LaunchDarkly relay':
    '{"environments":{"prod":{"sdkKey":"sdk-***","status":"connected","connectionStatus":{"state":"VALID","stateSince":1},' +
    '"dataStoreStatus":{"state":"VALID","stateSince":1}}},"status":"healthy","version":"8.1.0"}',
  Statuspage:
    '{"page":{"id":"x","name":"Example","url":"https://status.example.com"},"status":{"indicator":"none","description":"All Systems Operational"}}',
  'Slack status': '{"status":"ok","date_created":"2026-01-01","date_updated":"2026-01-01","active_incidents":[]}',
  'Cloudflare API': '{"result":{"id":"f1","status":"active"},"success":true,"errors":[],"messages":[]}',
  Immich: '{"res":"pong"}',
  Vaultwarden: '"2026-01-01T00:00:00.000000Z"',
  'Uptime Kuma': '{"type":"entryPage","entryPage":"dashboard"}',
  Healthchecks: '{"status":"up","total":3,"grace":0,"up":3,"down":0}',
  'a plain page': '<!doctype html><html><head><title>Welcome to nginx!</title></head></html>',
  'plain settings': '{"name":"billing","env":"production","logLevel":"error","cache":false,"debug":false,"replicas":3}',
  'an update that is not available': '{"version":"1.2.0","update":{"available":false,"version":"1.2.0"}}',
  'a failed job of yesterday': '{"status":"ok","lastBackup":{"status":"failed"}}',
  'a failed job of yesterday, without a status': '{"version":"3","lastBackup":{"status":"failed","at":"2026-01-01"}}',
};

export const WELL_KNOWN_ANSWERS: readonly (readonly [server: string, body: string])[] = Object.entries(WELL_KNOWN);
