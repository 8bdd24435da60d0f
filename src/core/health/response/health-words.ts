/**
 * The words that programs use for their health, with the verdict of each, in English and twelve further languages.
 *
 * A starting program is degraded, not down: routing uses it only as a fallback, and no recovery restarts it for
 * starting. A stopping program is down: the next piece of work would be lost. A role such as `standby` or `leader` is
 * healthy: whether a component gets work is decided by its lifecycle.
 */
import { printable } from '../../printable.ts';

/** `unknown`: the sender states its health, and the statement is not understood. */
export type Verdict = 'healthy' | 'unknown' | 'degraded' | 'unhealthy';

/** A program's statement about its own health: the verdict and the original word, printable. */
export interface Statement {
  readonly verdict: Verdict;
  readonly details: string;
  /** The statement decides only where no other statement does: an envelope's `success`, a flag that denies a fault. */
  readonly isWeak?: boolean;
}

type KnownVerdict = Exclude<Verdict, 'unknown'>;

/** A word of several parts has `_` between them; readers ignore spaces, dashes and capitals. */
const WORDS_OF: Readonly<Record<KnownVerdict, readonly string[]>> = {
  healthy: [
    'healthy health_ok pass passes passed passing success successful succeeded ok okay up alive live ready yes y on true',
    'running runs serving in_service started active online enabled available operational fully_operational',
    'connected reachable responding responsive accepting listening idle loaded valid synced in_sync',
    'good great excellent perfect fine well green normal nominal stable clean clear resolved complete completed done',
    'working works it_works functional functioning all_good all_ok all_clear all_systems_go all_systems_operational',
    'no_error no_errors no_issues no_problems none_failed pong imok leader follower primary secondary replica',
    'master slave standby passive streaming 🟢 ✅ ✔ 👍 💚',
    // German, French, Spanish, Portuguese
    'gesund in_ordnung läuft bereit betriebsbereit erreichbar verfügbar aktiv verbunden gut normal fehlerfrei ja',
    'sain en_bonne_santé bon en_ligne en_marche actif active disponible opérationnel opérationnelle prêt connecté oui',
    'saludable sano bien bueno en_línea activo activa disponible operativo operacional funcionando listo conectado sí',
    'saudável bom em_linha ativo ativa disponível operante pronto sim',
    // Italian, Dutch, Polish, Turkish
    'sano bene attivo attiva disponibile operativo funzionante pronto connesso in_linea in_funzione',
    'gezond goed actief beschikbaar operationeel gereed klaar verbonden in_orde werkt ja',
    'zdrowy zdrowa sprawny działa aktywny aktywna dostępny dostępna gotowy gotowa połączony dobry tak',
    'sağlıklı çalışıyor aktif hazır kullanılabilir erişilebilir çevrimiçi bağlı iyi normal evet',
    // Russian, Chinese, Japanese, Korean
    'здоров здорово исправен работает активен доступен доступно готов онлайн подключен подключено норма нормально ок да',
    '健康 正常 良好 可用 运行 运行中 運行中 在线 在線 就绪 就緒 已连接 已連接 成功',
    '稼働 稼働中 稼動中 利用可能 準備完了 接続済み 動作中 問題なし 異常なし 起動済み',
    '정상 양호 건강 사용_가능 사용가능 실행_중 실행중 작동_중 준비됨 준비_완료 연결됨 온라인',
  ],
  degraded: [
    'degraded warn warning health_warn partial partially_degraded yellow amber orange impaired slow unstable limited',
    'alert recovering overloaded overload throttled throttling rate_limited busy congested stale lagging behind out_of_sync',
    'read_only readonly reduced backpressure suspect flapping minor at_risk elevated',
    'starting starting_up initializing initialising warming_up booting loading bootstrapping provisioning pending',
    'syncing synchronizing catching_up restoring rebalancing rebuilding restarting reloading connecting reconnecting',
    'waiting scheduled queued in_progress degraded_performance performance_issues partial_outage minor_outage 🟡 🟠 ⚠',
    // German, French, Spanish, Portuguese
    'eingeschränkt beeinträchtigt warnung überlastet langsam startet startend verschlechtert instabil',
    'dégradé dégradée avertissement ralenti surchargé limité instable démarrage en_cours_de_démarrage',
    'degradado degradada advertencia aviso lento sobrecargado limitado inestable iniciando arrancando',
    'alerta sobrecarregado instável inicializando',
    // Italian, Dutch, Polish, Turkish
    'degradato degradata avviso avvertimento sovraccarico limitato instabile avvio in_avvio',
    'verminderd beperkt waarschuwing overbelast traag instabiel bezig_met_starten',
    'ograniczony pogorszony ostrzeżenie przeciążony niestabilny uruchamianie',
    'düşük_performans kısıtlı uyarı yavaş kararsız başlatılıyor',
    // Russian, Chinese, Japanese, Korean
    'ограничен предупреждение перегружен медленно нестабилен запускается',
    '降级 降級 警告 缓慢 緩慢 受限 过载 過載 启动中 啟動中 亚健康',
    '低下 性能低下 注意 制限中 過負荷 起動中 不安定',
    '저하 성능_저하 경고 주의 제한됨 과부하 시작_중 시작중 불안정',
  ],
  unhealthy: [
    'unhealthy health_err fail fails failed failing failure down ko nok ng error errored err errors critical crit fatal',
    'red bad emergency panic exception fault faulty defective corrupt corrupted severe dead no n off false',
    'unready notready unavailable service_unavailable temporarily_unavailable service_unknown out_of_service unserviceable',
    'internal_server_error bad_gateway gateway_timeout not_found server_error unknown_host no_route',
    'offline disconnected disconnect connection_lost connection_refused connection_failed lost unreachable refused',
    'reset timeout timed_out time_out expired missing unresponsive hung hanging stuck blocked locked deadlocked sealed',
    'inactive disabled suspended paused broken crashed crash crashing crashloopbackoff crash_loop_back_off',
    'oomkilled oom killed exited aborted rejected invalid outage major_outage major incident',
    'shutting_down shutdown stopping stopped stop halted terminating terminated leaving left draining drained drain',
    'maint maintenance under_maintenance in_maintenance maintenance_mode 🔴 ❌ ✖ ✘ 👎',
    // German, French, Spanish, Portuguese
    'ungesund krank ausgefallen ausfall fehler fehlerhaft fehlgeschlagen gestört störung defekt kritisch gestoppt',
    'unerreichbar getrennt abgestürzt überfällig außer_betrieb wartung inaktiv nein kaputt',
    'malsain en_panne panne erreur échec échoué critique arrêté arrêtée hors_ligne hors_service indisponible déconnecté',
    'injoignable inactif en_maintenance non',
    'enfermo caído caída error fallo fallido fallando crítico detenido parado fuera_de_línea fuera_de_servicio',
    'indisponible inactivo desconectado inalcanzable averiado en_mantenimiento mantenimiento',
    'doente caiu erro falha falhou falhando parado fora_do_ar fora_de_serviço indisponível inativo desconectado',
    'inacessível em_manutenção manutenção não',
    // Italian, Dutch, Polish, Turkish
    'malato errore guasto fallito fallita critico fermo arrestato fuori_servizio non_in_linea irraggiungibile',
    'indisponibile inattivo disconnesso giù manutenzione in_manutenzione',
    'ongezond fout mislukt storing kritiek gestopt onbereikbaar onbeschikbaar verbroken defect onderhoud inactief nee',
    'niezdrowy niezdrowa błąd awaria uszkodzony niepowodzenie krytyczny zatrzymany niedostępny niedostępna nieaktywny',
    'rozłączony nieosiągalny konserwacja nie',
    'sağlıksız hata hatalı arıza arızalı başarısız kritik durdu durduruldu kapalı kullanılamıyor ulaşılamıyor çevrimdışı',
    'bağlantı_kesildi bakım bakımda hayır çöktü',
    // Russian, Chinese, Japanese, Korean
    'нездоров ошибка сбой авария отказ неисправен критично критический остановлен недоступен недоступно отключен офлайн',
    'упал обслуживание неактивен нет',
    '不健康 不正常 异常 異常 故障 失败 失敗 错误 錯誤 严重 嚴重 不可用 停止 已停止 离线 離線 断开 斷開 已断开',
    '未就绪 未就緒 未连接 未連接 宕机 超时 超時 维护 维护中 維護中',
    '障害 障害中 エラー 停止中 停止済み 利用不可 切断 オフライン タイムアウト メンテナンス メンテナンス中 ダウン',
    '応答なし 接続不可',
    '비정상 장애 오류 에러 실패 심각 중지 중지됨 정지 사용_불가 사용불가 연결_끊김 오프라인 다운 점검_중 점검중',
    '응답_없음',
  ],
};

/** The vocabulary of indicators: Statuspage. Elsewhere `none` says nothing. */
const INDICATORS: ReadonlyMap<string, KnownVerdict> = new Map([
  ['none', 'healthy'],
  ['minor', 'degraded'],
  ['major', 'degraded'],
  ['critical', 'unhealthy'],
]);

/** Statements that the sender does not know its own health either. */
const UNKNOWN_WORDS =
  'unknown undefined undetermined indeterminate unbekannt inconnu desconocido desconhecido неизвестно 未知 不明';

/** Words of negation, before another word. */
const NEGATION = /^(not|isnt|arent|non|nicht|kein|keine|pas|nao|niet|geen|nie|brak|не)_(.+)$/;
/** Letters that no decomposition reduces to a base letter. */
const LETTERS: Readonly<Record<string, string>> = {
  ı: 'i',
  ł: 'l',
  ø: 'o',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  '’': '',
  "'": '',
};

/** ASCII without an apostrophe, which needs no folding. */
const PLAIN = /^[ -&(-~]*$/;

/**
 * The form in which words and names are compared: lower case, without accents, compatibility forms reduced. So `Ｏｋ`,
 * `OK` and `ok` are one word, as are `SAĞLIKLI` and `sağlıklı`.
 */
export function foldText(text: string): string {
  const lower = text.toLowerCase();
  if (PLAIN.test(lower)) return lower;
  return lower
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[ıłøßæœ’']/g, (letter) => LETTERS[letter]!);
}

const withoutSeparators = (word: string): string => word.replaceAll('_', '');
const wordsOf = (lists: readonly string[]): string[] => lists.join(' ').split(' ').map(foldText).map(withoutSeparators);

const WORDS: ReadonlyMap<string, Verdict> = new Map([
  ...wordsOf([UNKNOWN_WORDS]).map((word) => [word, 'unknown'] as const),
  ...(Object.keys(WORDS_OF) as KnownVerdict[]).flatMap((verdict) =>
    wordsOf(WORDS_OF[verdict]).map((word) => [word, verdict] as const),
  ),
]);

const NO_WORD = /[^\p{L}\p{N}]+/gu;
const NO_SYMBOL = /[^\p{N}\p{So}]+/gu;

const SEVERITY: Readonly<Record<Verdict, number>> = { healthy: 0, unknown: 1, degraded: 2, unhealthy: 3 };

/** Longer than any known word. Longer text is not read, so that no pattern runs over a whole body. */
const MAX_WORD_LENGTH = 64;

/** Reads a word, ignoring case, accents, spacing and punctuation around it; undefined for an unfamiliar word. */
export function readWord(text: string): Statement | undefined {
  const verdict = verdictOf(text);
  return verdict && { verdict, details: printable(text.trim()) };
}

/** Reads the word of an indicator: `none`, `minor`, `major`, `critical`. */
export function readIndicator(text: string): Statement | undefined {
  const verdict = INDICATORS.get(text.trim().toLowerCase());
  return verdict ? { verdict, details: printable(text.trim()) } : readWord(text);
}

function verdictOf(text: string): Verdict | undefined {
  if (text.length > MAX_WORD_LENGTH) return undefined;
  const folded = foldText(text);
  const plain = WORDS.get(folded);
  if (plain) return plain;
  // Beside letters a symbol such as a tick is decoration.
  const word = folded.replace(/\p{L}/u.test(folded) ? NO_WORD : NO_SYMBOL, '_').replace(/^_|_$/g, '');
  const known = WORDS.get(withoutSeparators(word));
  if (known) return known;
  const negated = NEGATION.exec(word)?.[2] ?? /^not(?=\p{L})(.+)$/u.exec(word)?.[1];
  const opposed = negated === undefined ? undefined : WORDS.get(withoutSeparators(negated));
  // "Not stopping" is healthy; "not degraded" may be better or worse.
  return opposed === 'healthy' ? 'unhealthy' : opposed === 'unhealthy' ? 'healthy' : undefined;
}

/** The worst of several statements; the first when several are equally bad. */
export function worstOf(statements: Iterable<Statement | undefined>): Statement | undefined {
  let worst: Statement | undefined;
  for (const statement of statements)
    if (statement && (!worst || SEVERITY[statement.verdict] > SEVERITY[worst.verdict])) worst = statement;
  return worst;
}
