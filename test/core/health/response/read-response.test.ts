import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHealthResponse } from '../../../../src/core/health/response/read-response.ts';
import { bodyOf } from '../../../support/health-answers/body-of.ts';
import { WELL_KNOWN_ANSWERS } from '../../../support/health-answers/well-known-answers.ts';

/** Built here, because fast-check needs seconds for it on a busy machine. */
const ANY_TEXT = fc.string({ unit: 'binary' });
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/u;

type Verdict = 'healthy' | 'degraded' | 'failed';

const read = (httpStatus: number, body: string) => readHealthResponse(httpStatus, bodyOf(body));

const verdictOf = (httpStatus: number, body: string): Verdict => {
  const reading = read(httpStatus, body);
  return reading.kind === 'passed' ? reading.status : 'failed';
};

const K8S_VERBOSE = '[+]ping ok\n[+]log ok\n[+]etcd ok\nhealthz check passed\n';
const SPRING_PARTS = { db: { status: 'UP', details: { database: 'H2' } }, disk: { status: 'DOWN' } };

const TABLE: readonly (readonly [dialect: string, httpStatus: number, body: string, expected: Verdict])[] = [
  ["the plan's own, healthy", 200, '{"status":"healthy","uptime":12}', 'healthy'],
  ["the plan's own, degraded", 200, '{"status":"degraded","reason":"cache cold"}', 'degraded'],
  ["the plan's own, unhealthy", 200, '{"status":"unhealthy"}', 'failed'],
  ["the plan's flag, true", 200, '{"healthy":true}', 'healthy'],
  ["the plan's flag, false", 200, '{"healthy":false}', 'failed'],
  ["the plan's flag, as text", 200, '{"healthy":"false"}', 'failed'],
  ["the plan's degraded flag", 200, '{"healthy":true,"degraded":true}', 'degraded'],
  ['degraded only in the body', 200, '{"degraded":true}', 'degraded'],
  ['degraded beside a good word', 200, '{"status":"ok","degraded":true}', 'degraded'],
  ['degraded, and down as well', 200, '{"status":"down","degraded":true}', 'failed'],
  ['not degraded', 200, '{"degraded":false}', 'healthy'],
  ['IETF pass', 200, '{"status":"pass","version":"1","checks":{"cpu":[{"status":"warn"}]}}', 'healthy'],
  ['IETF warn', 200, '{"status":"warn","output":"disk 91 %"}', 'degraded'],
  ['IETF fail', 503, '{"status":"fail","output":"no database"}', 'failed'],
  ['IETF fail with a 200', 200, '{"status":"fail"}', 'failed'],
  ['Spring UP', 200, JSON.stringify({ status: 'UP', components: SPRING_PARTS }), 'healthy'],
  ['Spring DOWN', 503, JSON.stringify({ status: 'DOWN', components: SPRING_PARTS }), 'failed'],
  ['Spring DOWN, mapped to 200', 200, '{"status":"DOWN"}', 'failed'],
  ['Spring OUT_OF_SERVICE', 200, '{"status":"OUT_OF_SERVICE"}', 'failed'],
  ['Spring 1, nested', 200, '{"status":{"code":"UP","description":""}}', 'healthy'],
  ['Spring 1, nested and down', 200, '{"status":{"code":"OUT_OF_SERVICE"}}', 'failed'],
  ['Spring UNKNOWN', 200, '{"status":"UNKNOWN"}', 'degraded'],
  ['the same word nested again', 200, '{"health":{"status":"red"}}', 'failed'],
  ['Kubernetes', 200, 'ok', 'healthy'],
  ['Kubernetes, verbose', 200, K8S_VERBOSE, 'healthy'],
  ['Kubernetes, failing', 500, '[+]ping ok\n[-]etcd failed: reason withheld\nhealthz check failed\n', 'failed'],
  ['ASP.NET Healthy', 200, 'Healthy', 'healthy'],
  ['ASP.NET Degraded', 200, 'Degraded', 'degraded'],
  ['ASP.NET Unhealthy', 503, 'Unhealthy', 'failed'],
  ['Consul passing', 200, '{"Status":"passing"}', 'healthy'],
  ['Consul critical', 200, '{"Status":"critical"}', 'failed'],
  ['NestJS', 200, '{"status":"ok","info":{},"error":{},"details":{}}', 'healthy'],
  ['NestJS, error', 503, '{"status":"error","info":{},"error":{"db":{"status":"down"}}}', 'failed'],
  ['Elasticsearch green', 200, '{"cluster_name":"x","status":"green"}', 'healthy'],
  ['Elasticsearch yellow', 200, '{"cluster_name":"x","status":"yellow"}', 'degraded'],
  ['Elasticsearch red', 200, '{"cluster_name":"x","status":"red"}', 'failed'],
  ['etcd', 200, '{"health":"true","reason":""}', 'healthy'],
  ['gRPC gateway', 200, '{"status":"SERVING"}', 'healthy'],
  ['gRPC gateway, not serving', 200, '{"status":"NOT_SERVING"}', 'failed'],
  ['an ok flag', 200, '{"ok":true}', 'healthy'],
  ['an ok flag, false', 200, '{"ok":false}', 'failed'],
  ['a word in JSON', 200, '"UP"', 'healthy'],
  ['a bad word in JSON', 200, '"down"', 'failed'],
  ['plain true', 200, 'true', 'healthy'],
  ['plain false', 200, 'false', 'failed'],
  ['with spaces and dashes', 200, ' Out-of Service!\r\n', 'failed'],
  ['with a byte order mark', 200, '\uFEFF{"status":"down"}', 'failed'],
  ['another case of the field', 200, '{"STATUS":"Degraded"}', 'degraded'],
  ['empty', 200, '', 'healthy'],
  ['empty, with spaces', 200, ' \n', 'healthy'],
  ['204', 204, '', 'healthy'],
  ['201', 201, '{"status":"ok"}', 'healthy'],
  ['429', 429, 'Too Many Requests', 'degraded'],
  ['429 with a body that says down', 429, '{"status":"down"}', 'degraded'],
  ['503, empty', 503, '', 'failed'],
  ['503 with a body that says healthy', 503, '{"status":"healthy"}', 'failed'],
  ['500 with a page', 500, '<html><h1>Oops</h1></html>', 'failed'],
  ['404', 404, 'Not Found', 'failed'],
  ['401', 401, '{"ok":true}', 'failed'],
  ['302', 302, '', 'failed'],
  ['301 with a body that says OK', 301, 'OK', 'failed'],
  ['a page', 200, '<!doctype html><title>It works</title>', 'healthy'],
  ['JSON that breaks off after a member', 200, '{"status":"down"', 'failed'],
  ['JSON that breaks off in a member', 200, '{"status":"dow', 'healthy'],
  ['invalid JSON after a quote', 200, '"down', 'healthy'],
  ['a list of parts, all of them down', 200, '[{"status":"down"}]', 'failed'],
  ['a list of parts, one of them down', 200, '[{"Status":"passing"},{"Status":"critical"}]', 'degraded'],
  ['a list of words', 200, '["down"]', 'failed'],
  ['an empty list', 200, '[]', 'healthy'],
  ['a list of numbers', 200, '[500]', 'healthy'],
  ['null', 200, 'null', 'healthy'],
  ['a status that is a number', 200, '{"status":200}', 'healthy'],
  ['a status that is null beside a flag', 200, '{"status":null,"healthy":false}', 'failed'],
  ['a status that is a list', 200, '{"status":["down"]}', 'failed'],
  ['a status that is an empty list', 200, '{"status":[]}', 'degraded'],
  ['a status that is an empty object', 200, '{"status":{}}', 'degraded'],
  ['a status that is null', 200, '{"status":null}', 'degraded'],
  ['a number status and a flag', 200, '{"status":200,"healthy":false}', 'failed'],
  ['an unknown word', 200, '{"status":"shiny"}', 'degraded'],
  ['an unknown word beside a good flag', 200, '{"status":"shiny","ok":true}', 'degraded'],
  ['an unknown word beside good parts', 200, '{"status":"shiny","checks":{"db":{"status":"up"}}}', 'degraded'],
  ['an unknown word beside parts that are down', 200, '{"status":"shiny","checks":{"db":{"status":"down"}}}', 'failed'],
  ['an unknown state beside a good word', 200, '{"status":"ok","state":"TX"}', 'healthy'],
  ['an unknown state', 200, '{"state":"TX"}', 'degraded'],
  ['an unknown flag', 200, '{"healthy":"perhaps"}', 'degraded'],
  ['an unknown number', 200, '{"status":7}', 'degraded'],
  ['a label with an unknown word', 200, 'status: shiny', 'degraded'],
  ['parts that are all unknown', 200, '{"checks":{"db":{"status":"shiny"},"mq":{"status":"dull"}}}', 'degraded'],
  [
    'a part that is unknown beside one that is up',
    200,
    '{"checks":{"db":{"status":"shiny"},"mq":{"status":"up"}}}',
    'healthy',
  ],
  ['both a good word and a bad flag', 200, '{"status":"healthy","healthy":false}', 'failed'],
  ['both a bad flag and a good word', 200, '{"ok":false,"status":"ok"}', 'failed'],
  ['both a good word and a warning', 200, '{"status":"ok","health":"warn"}', 'degraded'],
  ['two spellings of one field', 200, '{"status":"ok","Status":"down"}', 'failed'],
  ['unready', 200, '{"status":"unready"}', 'failed'],
  ['not healthy', 200, 'not healthy', 'failed'],
  ['not OK', 200, '{"status":"Not OK"}', 'failed'],
  ['not degraded, in words', 200, 'not degraded', 'healthy'],
  ['service unavailable', 200, 'Service Unavailable', 'failed'],
  ['a degraded flag as text', 200, '{"degraded":"true"}', 'degraded'],
  ['a degraded flag as number', 200, '{"degraded":1}', 'degraded'],
  ['no degraded flag as text', 200, '{"degraded":"false"}', 'healthy'],
  ['a flag as number', 200, '{"healthy":0}', 'failed'],
  ['a good flag as number', 200, '{"ok":1}', 'healthy'],
  ['a status that is zero', 200, '{"status":0}', 'healthy'],
  ['a nested code that is a number', 200, '{"status":{"code":503,"status":"down"}}', 'failed'],
  ['a code that is no status', 200, '{"code":"DOWN"}', 'healthy'],
  ['three deep', 200, '{"status":{"health":{"state":"down"}}}', 'failed'],
  ['four deep', 200, '{"status":{"status":{"status":{"status":"down"}}}}', 'degraded'],
  ['parts beside a verdict change nothing', 200, '{"status":"ok","checks":{"db":{"status":"down"}}}', 'healthy'],
  [
    'parts without a verdict, all healthy',
    200,
    '{"checks":{"a":[{"status":"pass"}],"b":[{"status":"pass"}]}}',
    'healthy',
  ],
  [
    'parts without a verdict, one down',
    200,
    '{"checks":{"a":[{"status":"pass"}],"b":[{"status":"fail"}]}}',
    'degraded',
  ],
  ['parts without a verdict, all down', 200, '{"checks":{"a":[{"status":"fail"}],"b":[{"status":"fail"}]}}', 'failed'],
  [
    'parts without a verdict, one warns',
    200,
    '{"checks":{"a":[{"status":"warn"}],"b":[{"status":"pass"}]}}',
    'degraded',
  ],
  ['parts without a status', 200, '{"checks":{"a":[{"time":1}],"b":12,"c":null}}', 'healthy'],
  ['an empty list of parts', 200, '{"checks":[]}', 'healthy'],
  ['a wrapper around the verdict', 200, '{"data":{"status":"down"}}', 'failed'],
  ['Dropwizard, one down', 200, '{"deadlocks":{"healthy":true},"db":{"healthy":false}}', 'degraded'],
  ['Dropwizard', 200, '{"deadlocks":{"healthy":true}}', 'healthy'],
  ['Nomad', 200, '{"client":{"ok":true,"message":"ok"},"server":{"ok":true,"message":"ok"}}', 'healthy'],
  ['NestJS that shuts down, with a 200', 200, '{"status":"shutting_down","info":{},"error":{},"details":{}}', 'failed'],
  ['Kibana', 200, '{"name":"k","status":{"overall":{"level":"degraded","summary":"slow"}}}', 'degraded'],
  ['a flag in camel case', 200, '{"isHealthy":false}', 'failed'],
  ['a flag in snake case', 200, '{"is_healthy":false}', 'failed'],
  ['a success flag', 200, '{"success":false}', 'failed'],
  ['a ready flag', 200, '{"ready":false}', 'failed'],
  ['counts under the names of flags', 200, '{"available":0,"success":0,"up":0}', 'healthy'],
  ['an HTTP status in the body', 200, '{"status":503,"error":"Service Unavailable"}', 'failed'],
  ['a status code in the body', 200, '{"statusCode":500}', 'failed'],
  ['a good HTTP status in the body', 200, '{"statusCode":200,"status":"ok"}', 'healthy'],
  ['starting', 200, '{"status":"STARTING"}', 'degraded'],
  ['stopping', 200, '{"status":"STOPPING"}', 'failed'],
  ['gRPC, unknown service', 200, '{"status":"SERVICE_UNKNOWN"}', 'failed'],
  ['lightship', 200, 'SERVER_IS_READY', 'healthy'],
  ['lightship, not ready', 200, 'SERVER_IS_NOT_READY', 'failed'],
  ['lightship, alive', 200, 'SERVER_IS_NOT_SHUTTING_DOWN', 'healthy'],
  ['lightship, stopping', 200, 'SERVER_IS_SHUTTING_DOWN', 'failed'],
  ['Prometheus', 200, 'Prometheus Server is Healthy.\n', 'healthy'],
  ['a sentence', 200, 'The service is unavailable.', 'failed'],
  ['a sentence about something else', 200, 'This is fun.', 'healthy'],
  [
    'Kubernetes, failed with a 200',
    200,
    '[+]ping ok\n[-]etcd failed: reason withheld\nhealthz check failed\n',
    'failed',
  ],
  ['Kubernetes, cut off', 200, '[+]ping ok\n[-]etcd failed: reason withheld\n', 'degraded'],
  ['Nagios, OK', 200, 'OK - 3 workers | workers=3', 'healthy'],
  ['Nagios, WARNING', 200, 'WARNING: disk 91 %', 'degraded'],
  ['Nagios, CRITICAL', 200, 'CRITICAL - disk full', 'failed'],
  ['a label', 200, 'status: DOWN', 'failed'],
  ['a setting', 200, 'healthy=false', 'failed'],
  ['lines of labels', 200, 'status: degraded\nuptime: 12\n', 'degraded'],
  ['a count', 200, 'failed: 0\npassed: 12', 'healthy'],
  ['a word and more lines', 200, 'ok\nversion 1.2', 'healthy'],
  ['prose', 200, 'down in the valley', 'healthy'],
  ['broken JSON with a complete first member', 200, '{"status":"down","checks":{"a":', 'failed'],
  ['broken JSON with an irrelevant first member', 200, '{"uptime":12,"status":"down","checks":{"a":', 'failed'],
  ['broken JSON that says nothing', 200, '{"uptime":12,"checks":{"a":', 'healthy'],
  ['broken JSON with a good word', 200, '{"status":"ok","checks":{"a":', 'healthy'],
  ['JSON with a line break in its word', 200, '{"status":"sh\niny"}', 'degraded'],
  ['JSON with a tab for its word', 200, '{"status":"\t"}', 'degraded'],
  ['JSON with a malformed number', 200, '{"status":012}', 'degraded'],
  ['JSON with a comma too many', 200, '{"status":"down",}', 'failed'],
  ['JSON without quotes', 200, '{status: down}', 'failed'],
  ['a Python dictionary', 200, "{'healthy': False, 'db': None}", 'failed'],
  ['broken JSON with a complete first flag', 200, '{"healthy": false, ', 'failed'],
  // Rows found from outside.
  ['Statuspage, major', 200, '{"status":{"indicator":"major","description":"Partial System Outage"}}', 'degraded'],
  ['Statuspage, critical', 200, '{"page":{"id":"x"},"status":{"indicator":"critical"}}', 'failed'],
  ['a reason behind the word', 200, '{"status":"unhealthy: redis timeout"}', 'failed'],
  ['a reason in brackets behind the word', 200, 'DOWN (db)', 'failed'],
  [
    'parts beside other fields, all down',
    200,
    '{"version":"1","database":{"status":"down"},"redis":{"status":"down"}}',
    'failed',
  ],
  [
    'parts beside other fields, one down',
    200,
    '{"version":"1","database":{"status":"down"},"redis":{"status":"up"}}',
    'degraded',
  ],
  ['GraphQL, errors without data', 200, '{"errors":[{"message":"x"}],"data":null}', 'failed'],
  ['GraphQL, errors beside data', 200, '{"errors":[{"message":"x"}],"data":{"a":1}}', 'degraded'],
  ['a number as text', 200, '{"status":"503"}', 'failed'],
  ['isReady', 200, '{"isReady":false}', 'failed'],
  ['disconnected', 200, '{"status":"disconnected"}', 'failed'],
  ['KO', 200, '{"status":"KO"}', 'failed'],
  // Their kin: reasons
  ['a reason after a dash', 200, '{"status":"degraded - 3 of 5 workers"}', 'degraded'],
  ['a reason after a comma', 200, '{"status":"ok, 3 workers"}', 'healthy'],
  ['a long reason', 200, JSON.stringify({ status: `unhealthy: ${'x'.repeat(5_000)}` }), 'failed'],
  ['a worse word in brackets', 200, '{"status":"OK (degraded)"}', 'degraded'],
  ['what failed', 200, '{"status":"failed to connect to redis"}', 'failed'],
  ['why it is down', 200, 'down for maintenance', 'failed'],
  ['Nagios with a service', 200, 'DISK CRITICAL - free space: / 12 MB', 'failed'],
  ['Nagios with a service that is fine', 200, 'PING OK - Packet loss = 0%, RTA = 0.80 ms', 'healthy'],
  ['a sentence in a status', 200, '{"status":"All services are running normally"}', 'healthy'],
  ['a sentence of words that are known', 200, '{"status":"Service is up and running"}', 'healthy'],
  ['a bad sentence in a status', 200, '{"status":"The server is currently unavailable"}', 'failed'],
  // Numbers
  ['a status line', 200, '{"status":"503 Service Unavailable"}', 'failed'],
  ['a status line as text', 200, 'HTTP/1.1 500 Internal Server Error', 'failed'],
  ['a client error in the body', 200, '{"statusCode":404,"message":"Not Found"}', 'failed'],
  ['over its limits in the body', 200, '{"status":429}', 'degraded'],
  ['a code beside a message', 200, '{"code":500,"msg":"system error"}', 'failed'],
  ['a code of its own', 200, '{"code":10001,"name":"x"}', 'healthy'],
  // Flags and their opposites
  ['isAlive', 200, '{"isAlive":false}', 'failed'],
  ['is_up', 200, '{"is_up":"no"}', 'failed'],
  ['connected', 200, '{"connected":false}', 'failed'],
  ['online', 200, '{"online":true}', 'healthy'],
  ['down', 200, '{"down":true}', 'failed'],
  ['not down', 200, '{"down":false}', 'healthy'],
  ['a flag about errors', 200, '{"error":true}', 'failed'],
  ['a flag about errors beside a good word', 200, '{"status":"ok","error":true}', 'failed'],
  ['no error', 200, '{"error":false}', 'healthy'],
  ['an error in words', 200, '{"error":"connection refused"}', 'failed'],
  ['an error in words beside a good word', 200, '{"status":"ok","error":"replica lags"}', 'degraded'],
  ['no error in words', 200, '{"status":"ok","error":"none"}', 'healthy'],
  ['an empty error', 200, '{"error":""}', 'healthy'],
  ['a count of errors', 200, '{"errors":12}', 'healthy'],
  ['a list of what is unhealthy', 200, '{"healthy":["a"],"unhealthy":["b"]}', 'degraded'],
  ['an empty list of what is unhealthy', 200, '{"healthy":["a"],"unhealthy":[]}', 'healthy'],
  ['maintenance', 200, '{"maintenance":true}', 'failed'],
  ['no error beside parts that are down', 200, '{"error":false,"database":{"status":"down"}}', 'failed'],
  // Envelopes
  ['an envelope around a bad word', 200, '{"success":true,"data":{"status":"down"}}', 'failed'],
  [
    'an envelope around bad parts',
    200,
    '{"success":true,"data":{"db":{"status":"down"},"mq":{"status":"up"}}}',
    'degraded',
  ],
  ['JSend around a bad word', 200, '{"status":"success","data":{"status":"degraded"}}', 'degraded'],
  ['a code around a bad flag', 200, '{"code":200,"data":{"healthy":false}}', 'failed'],
  ['an envelope of a failure', 200, '{"success":false,"data":null}', 'failed'],
  // Parts
  ['dependencies as words, all down', 200, '{"version":"1","database":"down","redis":"down"}', 'failed'],
  ['dependencies as words, one down', 200, '{"db":"up","redis":"down"}', 'degraded'],
  ['dependencies as flags', 200, '{"db":false,"redis":true}', 'degraded'],
  ['dependencies by longer names', 200, '{"dbStatus":"down","redis_connected":false}', 'failed'],
  ['a dependency of unknown status', 200, '{"dbStatus":"shiny"}', 'degraded'],
  ['words under any name', 200, '{"billing":"down","ledger":"down"}', 'failed'],
  ['one word under any name', 200, '{"billing":"down"}', 'healthy'],
  ['checks as words', 200, '{"checks":{"db":"down","mq":"down: timeout"}}', 'failed'],
  ['checks as flags', 200, '{"checks":{"db":false,"mq":true}}', 'degraded'],
  ['a status of parts', 200, '{"status":{"db":"ok","mq":"down"}}', 'degraded'],
  ['parts of parts', 200, '{"services":{"eu":{"db":{"status":"down"}}}}', 'failed'],
  ['lines of parts', 200, 'database: down\nredis: ok', 'degraded'],
  ['flags of a setting', 200, '{"info":{"debug":false}}', 'healthy'],
  ['other fields only', 200, '{"uptime":12,"version":"1.2.3"}', 'healthy'],
];

/** Healthy, degraded and unhealthy words of each language, in the spellings of their programs. */
const LANGUAGES: Readonly<Record<string, readonly [string, string, string]>> = {
  'full width and symbols': ['ＯＫ, ✅ healthy, 🟢', '⚠ Warnung', '🔴 down, ＤＯＷＮ'],
  German: [
    'Gesund, in Ordnung, VERFÜGBAR, verfu\u0308gbar',
    'eingeschränkt, Warnung',
    'Störung, nicht verfügbar, Außer Betrieb',
  ],
  French: ['En bonne santé, disponible', 'dégradé', 'en panne, hors service, pas disponible'],
  Spanish: ['Saludable, activo', 'degradado', 'caído, no disponible, fuera de servicio'],
  Portuguese: ['saudável, Disponível', 'alerta', 'indisponível, não disponível, fora do ar'],
  Italian: ['attivo, In funzione', 'degradato', 'guasto, non disponibile, fuori servizio'],
  Dutch: ['gezond, in orde', 'beperkt', 'storing, niet beschikbaar'],
  Polish: ['zdrowy, działa', 'ograniczony', 'awaria, niedostępny, nie działa'],
  Turkish: ['SAĞLIKLI, sağlıklı, ÇALIŞIYOR', 'uyarı', 'ARIZA, kullanılamıyor'],
  Russian: ['Здоров, работает', 'предупреждение', 'недоступен, НЕ РАБОТАЕТ, ошибка'],
  Chinese: ['健康, 正常, 运行中', '警告', '不健康, 异常, 不可用'],
  Japanese: ['正常, 稼働中', '注意', '異常, 障害, 停止中'],
  Korean: ['정상, 실행 중', '경고', '비정상, 장애, 오류'],
};

describe('a well-known server that is healthy', () => {
  it.each(WELL_KNOWN_ANSWERS)('%s', (_, body) => {
    expect(read(200, body)).toMatchObject({ kind: 'passed', status: 'healthy' });
  });

  it('is one of at least eighty', () => expect(WELL_KNOWN_ANSWERS.length).toBeGreaterThanOrEqual(80));
});

describe('readHealthResponse', () => {
  it.each(TABLE)('%s: %i %j', (_, httpStatus, body, expected) => {
    expect(verdictOf(httpStatus, body)).toBe(expected);
  });

  it.each([
    [503, '', 'HTTP_503', 'answered HTTP 503, not a success'],
    [302, '', 'HTTP_302', 'answered HTTP 302, a redirect, which is not followed'],
    [200, '{"status":"DOWN"}', 'REPORTED_UNHEALTHY', 'answered HTTP 200 and calls itself DOWN'],
  ])('gives the reason why %i %s failed', (httpStatus, body, code, message) => {
    expect(read(httpStatus, body)).toMatchObject({ kind: 'failed', error: { code, message } });
  });

  it.each([
    [200, 'Degraded', 'Degraded'],
    [200, '{"status":"warn","secret":"hunter2"}', 'warn'],
    [200, 'hunter2', null],
    [500, 'Error: password hunter2 refused', 'Error'],
    [500, 'Exception: password hunter2 refused', 'Exception'],
    [500, 'Trace: password hunter2 refused', null],
    [200, '{"status":"unhealthy: password hunter2 refused"}', 'unhealthy'],
    [200, '{"status":"hunter2"}', '"status" has an unfamiliar value'],
    [200, '{"error":"hunter2"}', 'in error'],
    [200, 'WARNING - hunter2', 'WARNING'],
    [200, '{"checks":{"hunter2":{"status":"down","output":"hunter2"}}}', 'down'],
    [503, '{"status":"fail","output":"hunter2"}', 'fail'],
    [429, '', 'HTTP 429: over its own limits'],
  ])('keeps of %i %s only the known word', (httpStatus, body, details) => {
    expect(read(httpStatus, body).details).toBe(details);
  });

  it('keeps only printable characters of a word', () => {
    expect(read(200, 'out\r\nof\tservice').details).toBe('out of service');
  });

  describe.each(Object.entries(LANGUAGES))('in %s', (_, [healthy, degraded, unhealthy]) => {
    it.each(healthy.split(', '))('%s is healthy', (word) =>
      expect(verdictOf(200, JSON.stringify({ status: word }))).toBe('healthy'),
    );
    it.each(degraded.split(', '))('%s is degraded', (word) => expect(verdictOf(200, word)).toBe('degraded'));
    it.each(unhealthy.split(', '))('%s is unhealthy', (word) => expect(verdictOf(200, word)).toBe('failed'));
  });

  it.each([
    ['a long run of dots', '.'.repeat(65_535) + 'x'],
    ['a long run of spaces', `out${' '.repeat(65_000)}of service`],
    ['a deep nest', '{"status":'.repeat(6_000) + '"down"' + '}'.repeat(6_000)],
    ['a deep list', '['.repeat(65_535)],
  ])('reads %s', (_, body) => {
    expect(['healthy', 'degraded']).toContain(verdictOf(200, body));
  });

  it('gives the reason in a word if the body contains only a flag', () => {
    expect(read(200, '{"status":"ok","healthy":false}').details).toBe('unhealthy');
    expect(read(200, '{"degraded":"true"}').details).toBe('degraded');
  });

  it('reads any JSON without a throw, and JSON without a known name as healthy', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (document) => {
        const unnamed = Object.fromEntries(Object.values(document).map((value, index) => [`n${index}`, value]));
        verdictOf(200, JSON.stringify(document));
        if (Object.values(document).every((value) => typeof value !== 'object'))
          expect(verdictOf(200, JSON.stringify(unnamed))).toBe('healthy');
      }),
    );
  });

  it('copies only printable characters, at most 256, of any body', () => {
    const evil = fc.constantFrom(
      '\u202E',
      '\u200B',
      '\u2066',
      '\uFEFF',
      '\u0000',
      '\uD800',
      '\u2028',
      '\r\n',
      '\t',
      ' ',
      '.',
    );
    const word = fc.constantFrom(
      'out of service',
      'down',
      'degraded',
      'ok',
      'not healthy',
      'UP',
      '"',
      '{"status":"',
      '}',
    );
    const mixed = fc.array(fc.oneof(evil, word, ANY_TEXT), { maxLength: 9 }).map((parts) => parts.join(''));
    const body = fc.oneof(
      mixed,
      mixed.map((status) => JSON.stringify({ status })),
    );
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), body, (httpStatus, body) => {
        const reading = read(httpStatus, body);
        const said = [reading.details ?? '', reading.kind === 'failed' ? reading.error.message : ''];
        expect(said.filter((text) => text.length > 256 || INVISIBLE.test(text))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('fails every status outside 2xx except 429, whatever the body', () => {
    const outside = fc.integer({ min: 300, max: 599 }).filter((httpStatus) => httpStatus !== 429);
    fc.assert(
      fc.property(outside, fc.constantFrom('', 'ok', '{"status":"UP"}', '{"healthy":true}'), (httpStatus, body) => {
        expect(read(httpStatus, body)).toMatchObject({ error: { code: `HTTP_${httpStatus}` } });
      }),
    );
  });
});
