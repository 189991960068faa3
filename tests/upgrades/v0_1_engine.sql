BEGIN TRANSACTION;
CREATE TABLE application_versions (
    version_id TEXT NOT NULL PRIMARY KEY,
    version_name TEXT NOT NULL UNIQUE,
    version_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
, "application_name" TEXT DEFAULT NULL);
INSERT INTO "application_versions" VALUES('676d50be-59e9-4d50-ac79-68a885461713','1',1767268713000,1767268713000,'gitops-bot');
CREATE TABLE dbos_migrations (version INTEGER NOT NULL PRIMARY KEY);
INSERT INTO "dbos_migrations" VALUES(125);
CREATE TABLE notifications (
    message_uuid TEXT NOT NULL DEFAULT (hex(randomblob(16))) PRIMARY KEY,
    destination_uuid TEXT NOT NULL,
    topic TEXT,
    message TEXT NOT NULL,
    created_at_epoch_ms INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000), "serialization" TEXT DEFAULT NULL, "consumed" BOOLEAN NOT NULL DEFAULT FALSE, consumed_by_function_id INTEGER,
    FOREIGN KEY (destination_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE "operation_outputs" (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    function_name TEXT NOT NULL DEFAULT '',
    output TEXT,
    error TEXT,
    child_workflow_id TEXT,
    started_at_epoch_ms INTEGER,
    completed_at_epoch_ms INTEGER,
    serialization TEXT,
    application_name TEXT DEFAULT NULL,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    PRIMARY KEY (workflow_uuid, function_id)
);
CREATE TABLE queues (
    queue_id TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    name TEXT NOT NULL UNIQUE,
    concurrency INTEGER,
    worker_concurrency INTEGER,
    rate_limit_max INTEGER,
    rate_limit_period_sec REAL,
    priority_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    partition_queue BOOLEAN NOT NULL DEFAULT FALSE,
    polling_interval_sec REAL NOT NULL DEFAULT 1.0,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
, "application_name" TEXT DEFAULT NULL, "partition_concurrency" INTEGER DEFAULT NULL, "partition_worker_concurrency" INTEGER DEFAULT NULL, "partition_rate_limit_max" INTEGER DEFAULT NULL, "partition_rate_limit_period_sec" REAL DEFAULT NULL);
INSERT INTO "queues" VALUES('F58450C3A41EDBB430A3F6AC92FDA725','later',NULL,NULL,NULL,NULL,1,0,0.5,1767268713000,1767268732287,'gitops-bot',NULL,NULL,NULL,NULL);
CREATE TABLE streams (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    "offset" INTEGER NOT NULL, function_id INTEGER NOT NULL DEFAULT 0, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key, "offset"),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events_history (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, function_id, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid)
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_input (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    inputs TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
INSERT INTO "workflow_input" VALUES('comment:github:1005:1020','{"namedArgs":{},"positionalArgs":["comment:github:1005:1020","command",{"repository":"github:1005","number":"1","comment":"1020"}]}',1767268716000);
INSERT INTO "workflow_input" VALUES('comment:github:1005:1112','{"namedArgs":{},"positionalArgs":["comment:github:1005:1112","command",{"repository":"github:1005","number":"1","comment":"1112"}]}',1767268738000);
INSERT INTO "workflow_input" VALUES('github:1005#1:1112:0','{"namedArgs":{},"positionalArgs":["github:1005#1:1112:0","rollback",{"repository":"github:1005","number":"1","asked_by":"alice","why":"comment:1112","selection":"{\"names\":[],\"dirs\":[],\"workspaces\":[],\"destroy\":false,\"confirmed\":[]}","sha":""}]}',1767268738000);
INSERT INTO "workflow_input" VALUES('comment:github:1005:1124','{"namedArgs":{},"positionalArgs":["comment:github:1005:1124","command",{"repository":"github:1005","number":"6","comment":"1124"}]}',1767268740000);
INSERT INTO "workflow_input" VALUES('github:1005#6:1124:0','{"namedArgs":{},"positionalArgs":["github:1005#6:1124:0","plan",{"repository":"github:1005","number":"6","asked_by":"alice","why":"comment:1124","selection":"{\"names\":[\"again\"],\"dirs\":[],\"workspaces\":[],\"destroy\":false,\"confirmed\":[]}","sha":""}]}',1767268740000);
INSERT INTO "workflow_input" VALUES('comment:github:1005:1139','{"namedArgs":{},"positionalArgs":["comment:github:1005:1139","command",{"repository":"github:1005","number":"7","comment":"1139"}]}',1767268741000);
INSERT INTO "workflow_input" VALUES('github:1005#7:1139:0','{"namedArgs":{},"positionalArgs":["github:1005#7:1139:0","apply",{"repository":"github:1005","number":"7","asked_by":"alice","why":"comment:1139","selection":"{\"names\":[],\"dirs\":[],\"workspaces\":[],\"destroy\":false,\"confirmed\":[]}","sha":""}]}',1767268741000);
INSERT INTO "workflow_input" VALUES('comment:github:1005:1151','{"namedArgs":{},"positionalArgs":["comment:github:1005:1151","command",{"repository":"github:1005","number":"8","comment":"1151"}]}',1767268744000);
INSERT INTO "workflow_input" VALUES('comment:github:1005:1161','{"namedArgs":{},"positionalArgs":["comment:github:1005:1161","command",{"repository":"github:1005","number":"9","comment":"1161"}]}',1767268745000);
INSERT INTO "workflow_input" VALUES('ac82097a0611:cancelled:default:18c64544','{"namedArgs":{},"positionalArgs":["ac82097a0611:cancelled:default:18c64544","plan_project",{"run":"ac82097a0611","place":"cancelled:default"}]}',1767268746000);
INSERT INTO "workflow_input" VALUES('comment:github:1005:1169','{"namedArgs":{},"positionalArgs":["comment:github:1005:1169","command",{"repository":"github:1005","number":"10","comment":"1169"}]}',1767268746000);
INSERT INTO "workflow_input" VALUES('github:1005#10:1169:0','{"namedArgs":{},"positionalArgs":["github:1005#10:1169:0","cancel",{"repository":"github:1005","number":"10","asked_by":"alice","why":"comment:1169","selection":"{\"names\":[],\"dirs\":[],\"workspaces\":[],\"destroy\":false,\"confirmed\":[]}","sha":""}]}',1767268746000);
INSERT INTO "workflow_input" VALUES('ended:a75cb14745e9','{"namedArgs":{},"positionalArgs":["ended:a75cb14745e9","ended",{"run":"a75cb14745e9","repository":"github:1005","number":"9"}]}',1767268746000);
INSERT INTO "workflow_input" VALUES('plan:github:cbc13bae-6d82-4d58-9c5e-78ae118da9f8','{"namedArgs":{},"positionalArgs":["plan:github:cbc13bae-6d82-4d58-9c5e-78ae118da9f8","plan",{"repository":"github:1005","number":"11","asked_by":"alice","why":"opened"}]}',1767268746000);
INSERT INTO "workflow_input" VALUES('close:github:99dfc67b-fad7-4242-a10e-f45d56baf1f8','{"namedArgs":{},"positionalArgs":["close:github:99dfc67b-fad7-4242-a10e-f45d56baf1f8","close",{"repository":"github:1005","number":"12","asked_by":"alice"}]}',1767268748000);
INSERT INTO "workflow_input" VALUES('review:github:2be1abf7-6bf9-4682-9e1d-e93a7a23c51a','{"namedArgs":{},"positionalArgs":["review:github:2be1abf7-6bf9-4682-9e1d-e93a7a23c51a","review",{"repository":"github:1005","number":"13"}]}',1767268752000);
INSERT INTO "workflow_input" VALUES('ripe:0f7975828bbf','{"namedArgs":{},"positionalArgs":["ripe:0f7975828bbf","apply",{"repository":"github:1005","number":"14","asked_by":"alice","why":"approval"}]}',1767268754000);
INSERT INTO "workflow_input" VALUES('ripe:review:github:9666f081-2131-4c37-83d2-03f974b33ee3','{"namedArgs":{},"positionalArgs":["ripe:review:github:9666f081-2131-4c37-83d2-03f974b33ee3","apply",{"repository":"github:1005","number":"14","asked_by":"gitops-bot","why":"approval"}]}',1767268754000);
INSERT INTO "workflow_input" VALUES('say:plan:github:1005#15:4','{"namedArgs":{},"positionalArgs":["say:plan:github:1005#15:4","say",{"topic":"plan:github:1005#15","repository":"github:1005","number":"15"}]}',1767268756000);
INSERT INTO "workflow_input" VALUES('say:plan:github:1005#15:5','{"namedArgs":{},"positionalArgs":["say:plan:github:1005#15:5","say",{"topic":"plan:github:1005#15","repository":"github:1005","number":"15"}]}',1767268756000);
INSERT INTO "workflow_input" VALUES('say:plan:github:1005#15:6','{"namedArgs":{},"positionalArgs":["say:plan:github:1005#15:6","say",{"topic":"plan:github:1005#15","repository":"github:1005","number":"15"}]}',1767268756000);
INSERT INTO "workflow_input" VALUES('say:plan:github:1005#15:7','{"namedArgs":{},"positionalArgs":["say:plan:github:1005#15:7","say",{"topic":"plan:github:1005#15","repository":"github:1005","number":"15"}]}',1767268757000);
INSERT INTO "workflow_input" VALUES('queue:github:955ab96d-eed7-4aeb-91d1-991d41949587','{"namedArgs":{},"positionalArgs":["queue:github:955ab96d-eed7-4aeb-91d1-991d41949587","queue",{"repository":"github:1005","sha":"0a6b4bb1590e7ae50b86c2c634a2c08d908e2e4a"}]}',1767268758000);
INSERT INTO "workflow_input" VALUES('say:plan:github:1005#16:4','{"namedArgs":{},"positionalArgs":["say:plan:github:1005#16:4","say",{"topic":"plan:github:1005#16","repository":"github:1005","number":"16"}]}',1767268758000);
INSERT INTO "workflow_input" VALUES('comment:github:1005:1257','{"namedArgs":{},"positionalArgs":["comment:github:1005:1257","command",{"repository":"github:1005","number":"17","comment":"1257"}]}',1767268761000);
INSERT INTO "workflow_input" VALUES('comment:github:1005:1257~1','{"namedArgs":{},"positionalArgs":["comment:github:1005:1257~1","command",{"repository":"github:1005","number":"17","comment":"1257","attempt":"1"}]}',1767268762000);
INSERT INTO "workflow_input" VALUES('comment:github:1005:1271','{"namedArgs":{},"positionalArgs":["comment:github:1005:1271","command",{"repository":"github:1005","number":"18","comment":"1271"}]}',1767268764000);
INSERT INTO "workflow_input" VALUES('merge:fd93a186c478','{"namedArgs":{},"positionalArgs":["merge:fd93a186c478","merge",{"repository":"github:1005","number":"18","run":"fd93a186c478"}]}',1767268766000);
INSERT INTO "workflow_input" VALUES('comment:github:1005:1294','{"namedArgs":{},"positionalArgs":["comment:github:1005:1294","command",{"repository":"github:1005","number":"19","comment":"1294"}]}',1767268768000);
INSERT INTO "workflow_input" VALUES('comment:github:1005:1305','{"namedArgs":{},"positionalArgs":["comment:github:1005:1305","command",{"repository":"github:1005","number":"19","comment":"1305"}]}',1767268770000);
INSERT INTO "workflow_input" VALUES('github:1005#19:1305:0','{"namedArgs":{},"positionalArgs":["github:1005#19:1305:0","unlock",{"repository":"github:1005","number":"19","asked_by":"alice","why":"comment:1305","selection":"{\"names\":[],\"dirs\":[],\"workspaces\":[],\"destroy\":false,\"confirmed\":[]}","sha":""}]}',1767268770000);
INSERT INTO "workflow_input" VALUES('moved:github:d4efdb57-c5b5-4530-8d24-5a91019e4c72','{"namedArgs":{},"positionalArgs":["moved:github:d4efdb57-c5b5-4530-8d24-5a91019e4c72","moved",{"repository":"github:1005","branch":"main","by":"bob"}]}',1767268784000);
INSERT INTO "workflow_input" VALUES('land:github:1005#21:06f16d41144484edc2fe00f2b338e46729a5ec6d','{"namedArgs":{},"positionalArgs":["land:github:1005#21:06f16d41144484edc2fe00f2b338e46729a5ec6d","apply",{"repository":"github:1005","number":"21","asked_by":"bob","why":"merge"}]}',1767268784000);
INSERT INTO "workflow_input" VALUES('moved:github:def579cc-a5d3-4acb-a987-8e4108bfc8ed','{"namedArgs":{},"positionalArgs":["moved:github:def579cc-a5d3-4acb-a987-8e4108bfc8ed","moved",{"repository":"github:1005","branch":"main","by":"bob"}]}',1767268784000);
INSERT INTO "workflow_input" VALUES('moved:github:10a036ae-6096-47da-9bf9-7d09524b26aa','{"namedArgs":{},"positionalArgs":["moved:github:10a036ae-6096-47da-9bf9-7d09524b26aa","moved",{"repository":"github:1005","branch":"main","by":"alice"}]}',1767268785000);
INSERT INTO "workflow_input" VALUES('134632f2e123:a:default:66c286b7','{"namedArgs":{},"positionalArgs":["134632f2e123:a:default:66c286b7","plan_project",{"run":"134632f2e123","place":"a:default"}]}',1767268791000);
INSERT INTO "workflow_input" VALUES('comment:github:1005:1383','{"namedArgs":{},"positionalArgs":["comment:github:1005:1383","command",{"repository":"github:1005","number":"24","comment":"1383"}]}',1767268791000);
INSERT INTO "workflow_input" VALUES('30ffbf369645:b:default:825f9ba9','{"namedArgs":{},"positionalArgs":["30ffbf369645:b:default:825f9ba9","apply_project",{"run":"30ffbf369645","place":"b:default"}]}',1767268792000);
CREATE TABLE workflow_output (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    output TEXT,
    error TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
INSERT INTO "workflow_output" VALUES('comment:github:1005:1020','null',NULL,1767268716000);
INSERT INTO "workflow_output" VALUES('comment:github:1005:1112','null',NULL,1767268738000);
INSERT INTO "workflow_output" VALUES('comment:github:1005:1124','null',NULL,1767268740000);
INSERT INTO "workflow_output" VALUES('comment:github:1005:1139','null',NULL,1767268742000);
INSERT INTO "workflow_output" VALUES('comment:github:1005:1161','null',NULL,1767268745000);
INSERT INTO "workflow_output" VALUES('comment:github:1005:1169','null',NULL,1767268746000);
INSERT INTO "workflow_output" VALUES('comment:github:1005:1257','null',NULL,1767268762000);
INSERT INTO "workflow_output" VALUES('comment:github:1005:1271','null',NULL,1767268765000);
INSERT INTO "workflow_output" VALUES('comment:github:1005:1294','null',NULL,1767268768000);
INSERT INTO "workflow_output" VALUES('comment:github:1005:1305','null',NULL,1767268770000);
INSERT INTO "workflow_output" VALUES('comment:github:1005:1383','null',NULL,1767268791000);
CREATE TABLE workflow_schedules (
    schedule_id TEXT PRIMARY KEY,
    schedule_name TEXT NOT NULL UNIQUE,
    workflow_name TEXT NOT NULL,
    workflow_class_name TEXT,
    schedule TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'ACTIVE',
    context TEXT NOT NULL
, "last_fired_at" TEXT DEFAULT NULL, "automatic_backfill" BOOLEAN NOT NULL DEFAULT FALSE, "cron_timezone" TEXT DEFAULT NULL, "queue_name" TEXT DEFAULT NULL, "application_name" TEXT DEFAULT NULL);
CREATE TABLE workflow_status (
    workflow_uuid TEXT PRIMARY KEY,
    status TEXT,
    name TEXT,
    authenticated_user TEXT,
    assumed_role TEXT,
    authenticated_roles TEXT,
    request TEXT,
    output TEXT,
    error TEXT,
    executor_id TEXT,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    application_version TEXT,
    application_id TEXT,
    class_name TEXT DEFAULT NULL,
    config_name TEXT DEFAULT NULL,
    recovery_attempts INTEGER DEFAULT 0,
    queue_name TEXT,
    workflow_timeout_ms INTEGER,
    workflow_deadline_epoch_ms INTEGER,
    inputs TEXT,
    started_at_epoch_ms INTEGER,
    deduplication_id TEXT,
    priority INTEGER NOT NULL DEFAULT 0
, queue_partition_key TEXT, forked_from TEXT, "owner_xid" TEXT DEFAULT NULL, "parent_workflow_id" TEXT DEFAULT NULL, "serialization" TEXT DEFAULT NULL, "delay_until_epoch_ms" BIGINT DEFAULT NULL, "was_forked_from" BOOLEAN NOT NULL DEFAULT FALSE, "rate_limited" BOOLEAN NOT NULL DEFAULT FALSE, "completed_at" BIGINT, "attributes" TEXT, "schedule_name" TEXT, "debounce_deadline_epoch_ms" BIGINT DEFAULT NULL, "is_debounced" BOOLEAN NOT NULL DEFAULT FALSE, "application_name" TEXT DEFAULT NULL, "creator_xid" TEXT DEFAULT NULL);
INSERT INTO "workflow_status" VALUES('comment:github:1005:1020','SUCCESS','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268716000,1767268716000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,1767268716000,'null',NULL,NULL,0,'gitops-bot','7e125d24-2d0f-4bdf-9ae8-423d7715f7b1');
INSERT INTO "workflow_status" VALUES('comment:github:1005:1112','SUCCESS','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268738000,1767268738000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,1767268738000,'null',NULL,NULL,0,'gitops-bot','ffa76916-41ca-4860-a372-e3ae33b8faf7');
INSERT INTO "workflow_status" VALUES('github:1005#1:1112:0','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268738000,1767268738000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'4c8b11ed-1d39-46f4-8fcd-d8c676ecfc26',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','4c8b11ed-1d39-46f4-8fcd-d8c676ecfc26');
INSERT INTO "workflow_status" VALUES('comment:github:1005:1124','SUCCESS','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268740000,1767268740000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,1767268740000,'null',NULL,NULL,0,'gitops-bot','532fc8e3-648f-445e-a0fe-3d3418482efd');
INSERT INTO "workflow_status" VALUES('github:1005#6:1124:0','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268740000,1767268740000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'f2c9525a-9472-4a90-9ae8-0289b0bbc4ca',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','f2c9525a-9472-4a90-9ae8-0289b0bbc4ca');
INSERT INTO "workflow_status" VALUES('comment:github:1005:1139','SUCCESS','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268741000,1767268742000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,1767268742000,'null',NULL,NULL,0,'gitops-bot','f7a29823-0ff1-4bc6-8537-b3411e8c7c3f');
INSERT INTO "workflow_status" VALUES('github:1005#7:1139:0','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268741000,1767268741000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'c3de1954-de43-4dcd-8e50-233cf9ecafa6',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','c3de1954-de43-4dcd-8e50-233cf9ecafa6');
INSERT INTO "workflow_status" VALUES('comment:github:1005:1151','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268744000,1767268744000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'cabad079-786a-4dad-bb36-db3ebd851284',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','cabad079-786a-4dad-bb36-db3ebd851284');
INSERT INTO "workflow_status" VALUES('comment:github:1005:1161','SUCCESS','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268745000,1767268745000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,1767268745000,'null',NULL,NULL,0,'gitops-bot','4574b94a-49d3-41a9-b289-812fe48e336b');
INSERT INTO "workflow_status" VALUES('ac82097a0611:cancelled:default:18c64544','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268746000,1767268746000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'ad34b76e-befb-4b86-bfe0-6a6913bfd44e',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','ad34b76e-befb-4b86-bfe0-6a6913bfd44e');
INSERT INTO "workflow_status" VALUES('comment:github:1005:1169','SUCCESS','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268746000,1767268746000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,1767268746000,'null',NULL,NULL,0,'gitops-bot','d27b9cc7-9199-42c5-b27e-17f95b10864d');
INSERT INTO "workflow_status" VALUES('github:1005#10:1169:0','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268746000,1767268746000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'d3d94ba8-3de3-48b2-b1e1-4d599727f76b',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','d3d94ba8-3de3-48b2-b1e1-4d599727f76b');
INSERT INTO "workflow_status" VALUES('ended:a75cb14745e9','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268746000,1767268746000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'e50cea33-70a2-4441-b834-dd0496c6ed7f',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','e50cea33-70a2-4441-b834-dd0496c6ed7f');
INSERT INTO "workflow_status" VALUES('plan:github:cbc13bae-6d82-4d58-9c5e-78ae118da9f8','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268746000,1767268746000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'fa9a7bc0-e52a-4115-a8ae-011831de63c9',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','fa9a7bc0-e52a-4115-a8ae-011831de63c9');
INSERT INTO "workflow_status" VALUES('close:github:99dfc67b-fad7-4242-a10e-f45d56baf1f8','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268748000,1767268748000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'68913d8e-947f-4eda-b821-7bae80f58b99',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','68913d8e-947f-4eda-b821-7bae80f58b99');
INSERT INTO "workflow_status" VALUES('review:github:2be1abf7-6bf9-4682-9e1d-e93a7a23c51a','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268752000,1767268752000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'654de6a2-1efa-4156-bf65-aebd5a65d716',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','654de6a2-1efa-4156-bf65-aebd5a65d716');
INSERT INTO "workflow_status" VALUES('ripe:0f7975828bbf','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268754000,1767268754000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'cacaebc7-e69e-4350-87c2-46b84abafdd9',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','cacaebc7-e69e-4350-87c2-46b84abafdd9');
INSERT INTO "workflow_status" VALUES('ripe:review:github:9666f081-2131-4c37-83d2-03f974b33ee3','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268754000,1767268754000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'c8dd9b82-69ab-4fd8-bcd0-4887585bfa90',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','c8dd9b82-69ab-4fd8-bcd0-4887585bfa90');
INSERT INTO "workflow_status" VALUES('say:plan:github:1005#15:4','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268756000,1767268756000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'d3423e37-2160-4a89-b1fc-617d8e9fef80',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','d3423e37-2160-4a89-b1fc-617d8e9fef80');
INSERT INTO "workflow_status" VALUES('say:plan:github:1005#15:5','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268756000,1767268756000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'a3af1556-82a3-4605-927a-17bbcc362fa0',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','a3af1556-82a3-4605-927a-17bbcc362fa0');
INSERT INTO "workflow_status" VALUES('say:plan:github:1005#15:6','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268756000,1767268756000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'3a5b2a2c-0249-4d8c-b4ca-3f2aec495e5b',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','3a5b2a2c-0249-4d8c-b4ca-3f2aec495e5b');
INSERT INTO "workflow_status" VALUES('say:plan:github:1005#15:7','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268757000,1767268757000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'4e9869ea-b5cd-40f5-8ef4-b102579c33a0',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','4e9869ea-b5cd-40f5-8ef4-b102579c33a0');
INSERT INTO "workflow_status" VALUES('queue:github:955ab96d-eed7-4aeb-91d1-991d41949587','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268758000,1767268758000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'7248d0ee-676e-48f5-acb4-065c06603ae9',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','7248d0ee-676e-48f5-acb4-065c06603ae9');
INSERT INTO "workflow_status" VALUES('say:plan:github:1005#16:4','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268758000,1767268758000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'30f2eb4a-822a-420c-9a15-f69fd233e110',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','30f2eb4a-822a-420c-9a15-f69fd233e110');
INSERT INTO "workflow_status" VALUES('comment:github:1005:1257','SUCCESS','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268761000,1767268762000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,1767268762000,'null',NULL,NULL,0,'gitops-bot','a33b6c78-bdc2-48e7-b456-03b863d92f4e');
INSERT INTO "workflow_status" VALUES('comment:github:1005:1257~1','DELAYED','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268762000,1767268762000,'1','',NULL,NULL,0,'later',NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'portable_json',1767268822524,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','aee58ce5-7a20-481e-bfe0-162dae672f99');
INSERT INTO "workflow_status" VALUES('comment:github:1005:1271','SUCCESS','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268764000,1767268765000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,1767268765000,'null',NULL,NULL,0,'gitops-bot','1e30d774-16bc-4fa1-9725-4f64739f151a');
INSERT INTO "workflow_status" VALUES('merge:fd93a186c478','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268766000,1767268766000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'c7b5ebeb-8ed8-4d25-a3f2-b562e51cccf2',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','c7b5ebeb-8ed8-4d25-a3f2-b562e51cccf2');
INSERT INTO "workflow_status" VALUES('comment:github:1005:1294','SUCCESS','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268768000,1767268768000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,1767268768000,'null',NULL,NULL,0,'gitops-bot','31444ac8-14ce-4db2-9288-6d8d1c9fbec5');
INSERT INTO "workflow_status" VALUES('comment:github:1005:1305','SUCCESS','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268770000,1767268770000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,1767268770000,'null',NULL,NULL,0,'gitops-bot','453a6a56-1ac3-4fcd-8b95-9174b7beccd6');
INSERT INTO "workflow_status" VALUES('github:1005#19:1305:0','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268770000,1767268770000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'e37ae3d3-7b62-47d0-bc3a-083c7393a21d',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','e37ae3d3-7b62-47d0-bc3a-083c7393a21d');
INSERT INTO "workflow_status" VALUES('moved:github:d4efdb57-c5b5-4530-8d24-5a91019e4c72','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268784000,1767268784000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'51262735-079b-40ef-835c-86fcd83de686',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','51262735-079b-40ef-835c-86fcd83de686');
INSERT INTO "workflow_status" VALUES('land:github:1005#21:06f16d41144484edc2fe00f2b338e46729a5ec6d','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268784000,1767268784000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'ed5c0ffd-ca00-40f4-ae70-1ae8a3eeed4a',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','ed5c0ffd-ca00-40f4-ae70-1ae8a3eeed4a');
INSERT INTO "workflow_status" VALUES('moved:github:def579cc-a5d3-4acb-a987-8e4108bfc8ed','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268784000,1767268784000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'386c8c73-1b74-4d08-8479-52617652316a',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','386c8c73-1b74-4d08-8479-52617652316a');
INSERT INTO "workflow_status" VALUES('moved:github:10a036ae-6096-47da-9bf9-7d09524b26aa','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268785000,1767268785000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'3ee9c7ec-a353-4ccd-aa32-f18a6a98ebda',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','3ee9c7ec-a353-4ccd-aa32-f18a6a98ebda');
INSERT INTO "workflow_status" VALUES('134632f2e123:a:default:66c286b7','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268791000,1767268791000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'9b065000-1e43-49e1-bdea-4ad6387d4a5d',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','9b065000-1e43-49e1-bdea-4ad6387d4a5d');
INSERT INTO "workflow_status" VALUES('comment:github:1005:1383','SUCCESS','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268791000,1767268791000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,1767268791000,'null',NULL,NULL,0,'gitops-bot','01a0635b-46db-4525-804e-ccc67d1634fe');
INSERT INTO "workflow_status" VALUES('30ffbf369645:b:default:825f9ba9','PENDING','job',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1767268792000,1767268792000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'98a6de27-c56b-4ffa-a7af-34f4491a0132',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'gitops-bot','98a6de27-c56b-4ffa-a7af-34f4491a0132');
CREATE INDEX workflow_status_created_at_index ON workflow_status (created_at);
CREATE INDEX idx_workflow_topic ON notifications (destination_uuid, topic);
CREATE INDEX "idx_workflow_status_delayed" ON "workflow_status" ("delay_until_epoch_ms") WHERE status = 'DELAYED';
CREATE INDEX "idx_workflow_status_forked_from" ON "workflow_status" ("forked_from") WHERE "forked_from" IS NOT NULL;
CREATE INDEX "idx_workflow_status_parent_workflow_id" ON "workflow_status" ("parent_workflow_id") WHERE "parent_workflow_id" IS NOT NULL;
CREATE UNIQUE INDEX "uq_workflow_status_dedup_id" ON "workflow_status" ("queue_name", "deduplication_id") WHERE "deduplication_id" IS NOT NULL;
CREATE INDEX "idx_workflow_status_pending" ON "workflow_status" ("created_at") WHERE "status" = 'PENDING';
CREATE INDEX "idx_workflow_status_failed" ON "workflow_status" ("status", "created_at") WHERE "status" IN ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED');
CREATE INDEX "idx_workflow_status_rate_limited" ON "workflow_status" ("queue_name", "started_at_epoch_ms") WHERE "rate_limited" = TRUE;
CREATE INDEX "idx_workflow_status_completed_at" ON "workflow_status" ("completed_at") WHERE "completed_at" IS NOT NULL;
CREATE INDEX "idx_workflow_status_started_at" ON "workflow_status" ("started_at_epoch_ms") WHERE "started_at_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_workflow_status_schedule_name" ON "workflow_status" ("schedule_name") WHERE "schedule_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_owner_version"
    ON application_versions ("application_name", "version_name")
    WHERE "application_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_unclaimed_version"
    ON application_versions ("version_name")
    WHERE "application_name" IS NULL;
CREATE INDEX idx_workflow_input_retention
    ON workflow_input (retention_timestamp);
CREATE INDEX idx_workflow_output_retention
    ON workflow_output (retention_timestamp);
CREATE INDEX idx_operation_outputs_retention
    ON operation_outputs (retention_timestamp);
CREATE INDEX "idx_workflow_status_in_flight_v2" ON "workflow_status" ("queue_name", "status", "priority", "created_at", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING');
CREATE INDEX "idx_workflow_status_partition_dequeue_v3" ON "workflow_status" ("queue_name", "status", "queue_partition_key", "priority", "created_at", "workflow_uuid", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING') AND "queue_partition_key" IS NOT NULL;
CREATE INDEX "idx_operation_outputs_completed_at_function_name_v2" ON "operation_outputs" ("completed_at_epoch_ms", "function_name", "application_name");
CREATE INDEX "idx_workflow_status_deadline" ON "workflow_status" ("workflow_deadline_epoch_ms") WHERE "status" IN ('ENQUEUED', 'PENDING', 'DELAYED') AND "workflow_deadline_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_application_versions_timestamp" ON "application_versions" ("version_timestamp" DESC);
CREATE INDEX "idx_application_versions_owner_timestamp" ON "application_versions" ("application_name", "version_timestamp" DESC);
COMMIT;
