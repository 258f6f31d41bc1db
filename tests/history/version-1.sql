-- A history as version 1 of its tables held it.
BEGIN TRANSACTION;
CREATE TABLE regcred_finding (
	id INTEGER NOT NULL, 
	series INTEGER NOT NULL, 
	identity VARCHAR(16) NOT NULL, 
	code TEXT NOT NULL, 
	name TEXT NOT NULL, 
	severity INTEGER NOT NULL, 
	api_version TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	namespace TEXT NOT NULL, 
	object TEXT NOT NULL, 
	path TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	first BIGINT NOT NULL, 
	since BIGINT NOT NULL, 
	last BIGINT NOT NULL, 
	last_scan INTEGER NOT NULL, 
	reopened INTEGER NOT NULL, 
	resolved BIGINT NOT NULL, 
	resolved_scan INTEGER, 
	PRIMARY KEY (id), 
	UNIQUE (series, identity), 
	FOREIGN KEY(series) REFERENCES regcred_series (id), 
	FOREIGN KEY(last_scan) REFERENCES regcred_scan (id), 
	FOREIGN KEY(resolved_scan) REFERENCES regcred_scan (id)
);
INSERT INTO "regcred_finding" VALUES(1,1,'0000000000000000','RC101','name',1,'v1','Secret','one','a/x.yaml','a/x.yaml','resolved',100,100,200,2,0,300,3);
INSERT INTO "regcred_finding" VALUES(2,1,'0000000000000001','RC101','name',2,'v1','Secret','two','a/x.yaml','a/x.yaml','open',100,100,300,3,0,0,NULL);
INSERT INTO "regcred_finding" VALUES(3,1,'0000000000000002','RC101','name',3,'v1','Secret','one','b/y.yaml','b/y.yaml','open',200,200,300,3,0,0,NULL);
CREATE TABLE regcred_history (
	version INTEGER NOT NULL
);
INSERT INTO "regcred_history" VALUES(1);
CREATE TABLE regcred_scan (
	id INTEGER NOT NULL, 
	series INTEGER NOT NULL, 
	time BIGINT NOT NULL, 
	scope VARCHAR(16) NOT NULL, 
	inputs TEXT NOT NULL, 
	error INTEGER NOT NULL, 
	warning INTEGER NOT NULL, 
	info INTEGER NOT NULL, 
	suppressed INTEGER NOT NULL, 
	new INTEGER NOT NULL, 
	reopened INTEGER NOT NULL, 
	resolved INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(series) REFERENCES regcred_series (id)
);
INSERT INTO "regcred_scan" VALUES(1,1,100,'manifests','["."]',0,1,1,0,2,0,0);
INSERT INTO "regcred_scan" VALUES(2,1,200,'manifests','["."]',1,1,1,0,1,0,0);
INSERT INTO "regcred_scan" VALUES(3,1,300,'manifests','["."]',1,1,0,0,0,0,1);
CREATE TABLE regcred_series (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	blindness TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
INSERT INTO "regcred_series" VALUES(1,'prod','{}');
CREATE INDEX regcred_scan_series ON regcred_scan (series, id);
COMMIT;
