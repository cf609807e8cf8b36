package soc

import "regexp"

// Word sets named once, so that patterns and their guards cannot drift apart
// unseen.
const (
	overrideVerbs = "ignore disregard forget override overrule bypass neglect discard"
	orderNouns    = "instructions instruction prompt prompts directive directives directions guidelines commands guardrails rules policy policies training context orders everything"
	modelNames    = "ai llm llms assistant chatbot gpt chatgpt claude gemini copilot model agent agents bot"
	verdictWords  = "verdict positive positives benign breach malicious harmless legitimate authorised authorized safe"
	setVerbs      = "set mark record classify label declare treat consider flag report resolve close tag register rate deem change update assign answer return output conclude"
	leakVerbs     = "include print send output list dump reveal show paste append post exfiltrate display repeat leak provide give tell"
)

const anyWords = `(?: \w+)`

// hostileWordRules are the imperatives. Each pattern asks for an order and for
// its object within a few words: the words alone are everyday in alerts.
var hostileWordRules = []wordRule{
	{
		rule: HostileOverride, all: []string{overrideVerbs, orderNouns},
		pattern: `\b(?:ignore|disregard|forget|override|overrule|bypass|neglect|discard)` + anyWords + `{0,3}? (?:all|any|your|my|previous|previously|earlier|prior|above|preceding|the|every|these|those|existing|safety|system|original|former|initial)` + anyWords + `{0,4}? (?:instructions?|prompts?|directives?|directions|guidelines|commands|guardrails|rules|policy|policies|training|context|orders)\b`,
	},
	{
		rule: HostileOverride, all: []string{overrideVerbs, orderNouns},
		pattern: `\b(?:ignore|disregard|forget) (?:instructions|prompts?|directives|everything (?:above|before|you|i|that|else|said))\b`,
	},
	{
		rule: HostileOverride, all: []string{"not dont never stop", "follow following obey apply", orderNouns},
		pattern: `\b(?:do not|dont|never|stop) (?:follow|following|obey|apply)` + anyWords + `{0,4} (?:instructions?|prompts?|directives?|guidelines|rules|policy|policies|orders)\b`,
	},

	{
		rule: HostileOverride, all: []string{"ignore disregard forget", "state say write output answer respond reply pretend instead"},
		pattern: `\b(?:ignore|disregard|forget)` + anyWords + `{1,5} and (?:instead )?(?:state|say|write|output|answer|respond|reply|pretend)\b`,
	},

	{
		rule: HostileAddressed, all: []string{modelNames},
		pattern: `\b(?:ai|llm|assistant|chatbot|gpt|chatgpt|claude|gemini|copilot|language model|ai model|ai agent|soc agent|triage agent) (?:please |now |kindly |also )*(?:you (?:must|should|shall|will|are)|must|should|shall|ignore|disregard|set|mark|classify|close|respond|reply|print|reveal|say|act|pretend|follow|obey|treat|consider|summari[sz]e|translate|repeat|include|omit|approve|run|execute|record|lower|add|declare|disable|list|fetch|do not|dont)\b`,
	},
	{
		rule: HostileAddressed, all: []string{"note message memo attention hint instruction instructions reminder notice addressed", modelNames},
		pattern: `\b(?:note|message|memo|attention|hint|instructions?|reminder|notice|addressed) (?:to|for) (?:the |any |all |our |your |this |future |reviewing |reading )*(?:ai|llms?|assistant|language model|model|chatbot|ai agents?|agents?|copilot|bot|automated \w+|triage agents?)\b`,
	},
	{
		rule: HostileAddressed, all: []string{"dear hello hey hi attention", modelNames},
		pattern: `\b(?:dear|hello|hey|hi|attention) (?:ai|llm|assistant|language model|chatbot|ai model|ai agent|model|agent|chatgpt|claude|gemini|copilot)\b`,
	},
	{
		rule: HostileAddressed, all: []string{"you"},
		pattern: `\byou are (?:now|no longer|allowed|authori[sz]ed|permitted|free|required|instructed|an? (?:ai|assistant|helpful|language|large|chatbot|bot|expert|unrestricted|triage|soc|security)|the (?:assistant|ai|triage|analyst))\b`,
	},
	{
		rule: HostileAddressed, all: []string{"you"},
		pattern: `\byou (?:must|shall|will|need to|have to) (?:now |always |only |immediately |not |never )?(?:ignore|set|mark|classify|close|respond|reply|output|print|reveal|say|answer|act|pretend|follow|obey|treat|consider|summari[sz]e|translate|repeat|include|omit|approve|record|lower|declare|list|fetch)\b`,
	},
	{
		rule: HostileAddressed, all: []string{"you"},
		pattern: `\bif you were (?:allowed|able|permitted|free|an?|not)\b`,
	},
	{
		rule: HostileAddressed, all: []string{"new updated revised real actual important urgent hidden secret additional", "instruction instructions prompt directive directives orders"},
		pattern: `\b(?:new|updated|revised|real|actual|important|urgent|hidden|secret|additional) (?:system )?(?:instructions?|prompt|directives?|orders)\b`,
	},
	{
		rule: HostileAddressed, all: []string{"system", "prompt override"},
		pattern: `\bsystem (?:prompt|override)\b`,
	},
	{
		rule: HostileAddressed, all: []string{"decode deobfuscate decrypt decipher translate unscramble reverse read", "obey follow execute comply apply perform"},
		pattern: `\b(?:decode|deobfuscate|decrypt|decipher|translate|unscramble|reverse|read)` + anyWords + `{0,6} and (?:then )?(?:obey|follow|execute|comply|apply|perform)\b`,
	},
	{
		rule: HostileAddressed, all: []string{"as pretend roleplay imagine behave act respond", modelNames + " unrestricted you"},
		pattern: `\b(?:as an? (?:ai|llm|language model|assistant)|(?:pretend|roleplay|imagine|behave) (?:to be|as|that you|you are|you)|(?:act|respond) as (?:if you|though you|an? (?:ai|assistant|unrestricted|helpful|different|language)))\b`,
	},
	{
		rule: HostileAddressed, all: []string{"mode jailbreak jailbroken", "developer dan god jailbreak jailbroken unrestricted sudo system"},
		pattern: `\b(?:developer|dan|god|unrestricted|jailbreak|sudo|system) mode\b|\bjailbr(?:eak|oken)\b`,
	},
	{
		rule: HostileAddressed, all: []string{"not dont never", "tell inform mention reveal disclose", "user users analyst analysts human operator anyone this"},
		pattern: `\b(?:do not|dont|never) (?:tell|inform|mention|reveal|disclose)` + anyWords + `{0,4} (?:users?|analysts?|humans?|operator|anyone|this)\b`,
	},

	{
		rule: HostileDirective, all: []string{setVerbs, verdictWords},
		pattern: `\b(?:set|mark|record|classify|label|declare|treat|consider|flag|report|resolve|close|tag|register|rate|deem|change|update|assign|answer|return|output|conclude)` + anyWords + `{0,8} (?:false positives?|true positives?|benign(?: positive)?|confirmed breach|not malicious|non malicious|harmless|legitimate|(?:is|as) safe|authori[sz]ed penetration test\w*|authori[sz]ed test\w*)\b`,
	},
	{
		rule: HostileDirective, all: []string{"verdict classification", verdictWords},
		pattern: `\b(?:verdict|classification)` + anyWords + `{0,4} (?:false positive|true positive|benign)\b`,
	},
	{
		rule: HostileDirective, all: []string{"set change override update flip", "verdict classification"},
		pattern: `\b(?:set|change|override|update|flip) (?:the |this |its |your )?(?:final )?(?:verdict|classification)\b`,
	},
	{
		rule: HostileDirective, all: []string{"lower reduce raise downgrade increase decrease escalate set change drop", "severity priority"},
		pattern: `\b(?:lower|reduce|raise|downgrade|increase|decrease|escalate|set|change|drop) (?:it |this |the |its |that )?(?:incident |alert |case )?(?:to )?(?:severity|priority) (?:to |as |level |of )*(?:informational|info|low|medium|high|critical|none|zero|p\d|\d)\b`,
	},
	{
		rule: HostileDirective, all: []string{"add create insert make put write", "suppression allowlist whitelist allow white infrastructure suppress"},
		pattern: `\b(?:add|create|insert|make|put|write)` + anyWords + `{0,6} (?:suppression(?: rule)?|allow ?list|white ?list|benign infrastructure)\b`,
	},
	{
		rule: HostileDirective, all: []string{"run execute trigger start launch invoke queue use submit", "playbook gamebook runbook"},
		pattern: `\b(?:run|execute|trigger|start|launch|invoke|queue|use|submit)` + anyWords + `{0,4} (?:playbook|gamebook|runbook)\b`,
	},
	{
		rule: HostileDirective, all: []string{"disable isolate block delete enable unlock quarantine contain", "containment"},
		pattern: `\b(?:disable|isolate|block|delete|enable|unlock|quarantine|contain)` + anyWords + `{1,6} as (?:a |an )?(?:immediate )?containment\b`,
	},
	{
		rule: HostileDirective, all: []string{"mark set treat record consider report", "approval approved granted"},
		pattern: `\b(?:mark|set|treat|record|consider|report)` + anyWords + `{0,5} (?:approval|approved)\b`,
	},
	{
		rule: HostileDirective, all: []string{"approve grant", "approval gamebook playbook action request requests actions gamebooks"},
		pattern: `\b(?:approve|grant) (?:the |this |all |any |every |my )?(?:pending |open |next |waiting )?(?:approvals?|gamebooks?|playbooks?|actions?|requests?)\b`,
	},
	{
		rule: HostileDirective, all: []string{leakVerbs, "variables vars tokens token keys key prompt definitions instructions secrets"},
		pattern: `\b(?:include|print|send|output|list|dump|reveal|show|paste|append|post|exfiltrate|display|repeat|leak|provide|give|tell)` + anyWords + `{0,5} (?:environment variables|env vars|api (?:keys?|tokens?)|access tokens?|(?:system|hidden|initial|secret|full) prompt|tool definitions?|your (?:\w+ )?(?:instructions|prompt|secrets|rules|tools))\b`,
	},
	{
		rule: HostileDirective, all: []string{"fetch visit open call browse navigate request load post send", "http https", "followed appended append containing including encoded incident entities"},
		pattern: `\b(?:fetch|visit|open|call|browse|navigate|request|load|post|send)` + anyWords + `{0,6} https?` + anyWords + `{0,14} (?:followed by|appended|containing|including|and append|(?:base ?)?64 encoded|incident|entities)\b`,
	},
	{
		rule: HostileDirective, all: []string{"list show print dump export read enumerate give return get", "tenants tenant workspaces workspace customers customer"},
		pattern: `\b(?:list|show|print|dump|export|read|enumerate|give|return|get)` + anyWords + `{0,6} (?:other|every|all|another|different|each)` + anyWords + `{0,2} (?:tenants?|workspaces?|customers?)\b`,
	},
	{
		rule: HostileDirective, all: []string{"omit remove hide drop leave exclude redact skip", "report summary findings answer response output"},
		pattern: `\b(?:omit|remove|hide|drop|leave out|exclude|redact|skip)` + anyWords + `{0,12} (?:from|in) (?:the |your |this |any |final )*(?:report|summary|findings|answer|response|output)\b`,
	},
	{
		rule: HostileDirective, all: []string{"no without", "further", "checks check review investigation analysis"},
		pattern: `\b(?:no|without) further (?:checks?|review|investigation|analysis)\b`,
	},
	{
		rule: HostileDirective, all: []string{"close dismiss resolve", "incident alert case ticket it"},
		pattern: `\b(?:please|now|and|immediately|then|must|should|will) (?:close|dismiss|resolve) (?:it|(?:this|the|all|every) (?:\w+ )?(?:incident|alert|case|ticket)s?)\b`,
	},

	{
		rule: HostileTranslation, all: []string{translatedOverrides, translatedOrders},
		pattern: `\b(?:ignora|ignore|ignorar|ignorad|ignorez|ignorer|oublie|oubliez|olvida|olvide|ignoriere|ignorieren|ignoriert|vergiss|missachte|dimentica|ignorare|ignorate|negeer|vergeet|zignoruj|pomin|ignorera|ignorer|unut|yoksay|abaikan|lupakan|esqueca|desconsidere)\b` + anyWords + `{0,6} (?:instrucciones|instrucoes|instructions|anweisungen|istruzioni|instructies|instrukcje|instruktioner|instruksjoner|talimatlari?|instruksi|regles|reglas|regras|regole|regeln|consignes|vorgaben|ordenes|ordini|aanwijzingen)\b`,
	},
	{
		rule: HostileTranslation, all: []string{translatedVerdicts},
		pattern: `\b(?:falsos? positivos?|faux positifs?|falsch positiv|falschpositiv|fehlalarm|falsi? positiv[oi]|vals positief|falszywy alarm|yanlis pozitif|positif palsu|falsk positiv)\b`,
	},
}

const (
	translatedOverrides = "ignora ignore ignorar ignorad ignorez ignorer oublie oubliez olvida olvide ignoriere ignorieren ignoriert vergiss missachte dimentica ignorare ignorate negeer vergeet zignoruj pomin ignorera unut yoksay abaikan lupakan esqueca desconsidere"
	translatedOrders    = "instrucciones instrucoes instructions anweisungen istruzioni instructies instrukcje instruktioner instruksjoner talimatlari talimatlar instruksi regles reglas regras regole regeln consignes vorgaben ordenes ordini aanwijzingen"
	translatedVerdicts  = "falso falsos faux falsch falschpositiv fehlalarm falsi vals falszywy yanlis palsu falsk"
)

// otherScripts holds the same two orders, "ignore the instructions" and "false
// positive", where letters are not Latin. It runs on folded text.
var otherScripts = regexp.MustCompile(
	`(?:忽略|无视|無視|忘记|忘記|不要理会)[^。\n]{0,20}(?:指令|指示|提示|说明|說明|规则|規則|命令)|误报|誤報|假阳性|誤検知|偽陽性` +
		`|(?:指示|命令|ルール|プロンプト)[^。\n]{0,10}(?:無視|忘れ)` +
		`|(?:지시|명령|지침|규칙)[^.\n]{0,10}(?:무시|잊)|오탐` +
		`|(?:игнорируй|проигнорируй|игнорировать|забудь)[^.\n]{0,40}(?:инструкци|указани|правил|команд)|ложн[а-я]{1,3} срабатывани|ложноположительн` +
		`|(?:ігноруй|забудь)[^.\n]{0,40}(?:інструкці|вказівк|правил)|хибн[а-яі]{1,3} спрацюванн` +
		`|(?:تجاهل|انس)[^.\n]{0,40}(?:التعليمات|الأوامر|القواعد|تعليمات)|إيجابي[ةه]? كاذب` +
		`|(?:अनदेखा|नज़रअंदाज़|भूल)[^।\n]{0,40}(?:निर्देश|आदेश|नियम)|(?:निर्देश|आदेश|नियम)[^।\n]{0,40}(?:अनदेखा|नज़रअंदाज़|भूल)` +
		`|(?:התעלם|שכח)[^.\n]{0,40}(?:הוראות|כללים|ההוראות)|(?:نادیده|فراموش)[^.\n]{0,40}(?:دستور|قوانین)|(?:دستور)[^.\n]{0,40}(?:نادیده|فراموش)` +
		`|(?:αγνόησε|αγνοήστε)[^.\n]{0,40}(?:οδηγίες|εντολές|κανόνες)|(?:เพิกเฉย|ละเว้น|ไม่ต้องสนใจ)[^\n]{0,40}(?:คำสั่ง|คำแนะนำ)`)
