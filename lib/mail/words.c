/* The words of mail clients. */
#include "mail/words.h"

#include <string.h>
#include <strings.h>

#include "mail/mail.h"

/* Header blocks as Outlook and others put them above what they quote. Several words for
 * one label are separated by |. */
static const struct {
	const char *from, *date, *to, *cc, *subject;
} labels[] = {
    {"From", "Sent|Date|Sent on", "To", "Cc|CC", "Subject"},
    {"Von", "Gesendet|Datum|Gesendet am", "An", "Cc|Kopie", "Betreff"},
    {"De|De la", "Envoyé|Date|Envoyé le", "À|A", "Cc|Copie", "Objet|Sujet"},
    {"De", "Enviado|Fecha|Enviado el|Enviado em", "Para", "Cc|CC", "Asunto"},
    {"Da", "Inviato|Data", "A", "Cc", "Oggetto"},
    {"Van", "Verzonden|Datum", "Aan", "Cc|CC", "Onderwerp"},
    {"De", "Enviado|Enviada em|Enviado em|Data", "Para", "Cc|CC", "Assunto"},
    {"Od", "Wysłano|Wysłane|Data", "Do", "DW|Dw|Cc", "Temat"},
    {"Från", "Skickat|Datum", "Till", "Kopia|Cc", "Ämne"},
    {"Fra", "Sendt|Dato", "Til", "Kopi|Cc", "Emne"},
    {"Lähettäjä", "Lähetetty|Päivämäärä|Pvm", "Vastaanottaja", "Kopio|Cc", "Aihe"},
    {"Od", "Odesláno|Datum", "Komu", "Kopie|Cc", "Předmět"},
    {"Od", "Odoslané|Dátum", "Komu", "Kópia|Cc", "Predmet"},
    {"Feladó", "Elküldve|Küldve|Dátum", "Címzett", "Másolatot kap|Cc", "Tárgy"},
    {"De la", "Trimis|Data", "Către|Catre", "Cc", "Subiect"},
    {"От|От кого", "Отправлено|Дата", "Кому", "Копия", "Тема"},
    {"Від|Від кого", "Надіслано|Дата", "Кому", "Копія", "Тема"},
    {"Kimden|Gönderen", "Gönderildi|Gönderme Tarihi|Tarih", "Kime|Alıcı", "Bilgi|Cc",
	"Konu"},
    {"Από", "Στάλθηκε|Ημερομηνία", "Προς", "Κοιν.|Κοιν", "Θέμα"},
    {"差出人|From", "送信日時|日時|送信", "宛先", "CC", "件名"},
    {"发件人", "发送时间|日期|发送日期", "收件人", "抄送", "主题"},
    {"寄件者", "寄件日期|日期", "收件者", "副本", "主旨"},
    {"보낸 사람|보낸사람", "보낸 날짜|날짜|보낸날짜", "받는 사람|받는사람", "참조",
	"제목"},
    {"מאת", "נשלח|תאריך", "אל", "עותק", "נושא"},
    {"من", "تم الإرسال|التاريخ|تاريخ الإرسال", "إلى", "نسخة", "الموضوع"},
    {"Từ", "Đã gửi|Gửi|Ngày", "Tới|Đến", "Cc", "Chủ đề"},
};
enum { LANGUAGES = sizeof(labels) / sizeof(labels[0]) };

/* Is s one of the words? */
static bool
one_of(const char *words, const char *s, size_t n)
{
	while (*words != '\0') {
		size_t len = strcspn(words, "|");

		if (len == n && strncasecmp(words, s, n) == 0)
			return true;
		words += len + (words[len] == '|');
	}
	return false;
}

enum label
words_label(const char *s, size_t n, size_t *value, unsigned *languages)
{
	size_t at = 0, end, word;
	enum label found = LABEL_NONE;

	while (at < n && strchr(" \t*>_", s[at]) != NULL && s[at] != '\0')
		at++;
	for (word = at; word < n && word < at + 60 && s[word] != ':'; word++) {
		if (n - word >= 3 && memcmp(s + word, "\xef\xbc\x9a", 3) == 0)
			break; /* a full-width colon */
	}
	if (word == n || word == at || (s[word] != ':' && (unsigned char)s[word] != 0xef))
		return LABEL_NONE;
	end = word;
	while (end > at && strchr(" *_", s[end - 1]) != NULL)
		end--;
	if (end - at >= 2 && memcmp(s + end - 2, "\xc2\xa0", 2) == 0)
		end -= 2; /* French */
	*languages = 0;
	for (unsigned i = 0; i < LANGUAGES; i++) {
		enum label is = one_of(labels[i].from, s + at, end - at)   ? LABEL_FROM
				: one_of(labels[i].date, s + at, end - at) ? LABEL_DATE
				: one_of(labels[i].to, s + at, end - at)   ? LABEL_TO
				: one_of(labels[i].cc, s + at, end - at)   ? LABEL_CC
				: one_of(labels[i].subject, s + at, end - at)
				    ? LABEL_SUBJECT
				    : LABEL_NONE;

		/* "A" is À in French, To in Italian: the same label in both. */
		if (is == LABEL_NONE || (found != LABEL_NONE && is != found))
			continue;
		found = is;
		*languages |= 1U << i;
	}
	word += s[word] == ':' ? 1 : 3;
	while (word < n && strchr(" \t*", s[word]) != NULL && s[word] != '\0')
		word++;
	*value = word;
	return found;
}

/* The text between dashes: "---------- Forwarded message ---------". */
static bool
between_dashes(const char *s, size_t n, const char **word, size_t *len)
{
	size_t a = 0, b = n;

	while (a < b && (s[a] == '>' || s[a] == ' '))
		a++;
	if (b - a < 4 || s[a] != '-' || s[a + 1] != '-')
		return false;
	while (a < b && s[a] == '-')
		a++;
	while (b > a && (s[b - 1] == '-' || s[b - 1] == ' ' || s[b - 1] == ':'))
		b--;
	while (a < b && s[a] == ' ')
		a++;
	*word = s + a;
	*len = b - a;
	return b > a && s[n - 1] == '-';
}

bool
words_forward_line(const char *s, size_t n)
{
	static const char dashed[] =
	    "Forwarded message|Forwarded Message|Weitergeleitete Nachricht|"
	    "Message transféré|Message transmis|Mensaje reenviado|Forwarded by|"
	    "Messaggio inoltrato|Doorgestuurd bericht|Mensagem encaminhada|"
	    "Mensagem reencaminhada|Przekazana wiadomość|"
	    "Treść przekazanej wiadomości|Vidarebefordrat meddelande|"
	    "Videresendt meddelelse|Videresendt melding|Välitetty viesti|"
	    "Přeposlaná zpráva|Továbbított üzenet|Mesaj redirecționat|"
	    "Пересылаемое сообщение|Перенаправленное сообщение|"
	    "İletilen mesaj|Προωθημένο μήνυμα|転送されたメッセージ|转发的邮件|"
	    "轉寄郵件|Forwarded message follows|전달된 메시지";
	static const char bare[] =
	    "Begin forwarded message:|Anfang der weitergeleiteten Nachricht:|"
	    "Début du message réexpédié :|Début du message transféré :|"
	    "Inicio del mensaje reenviado:|Inizio messaggio inoltrato:|"
	    "Begin doorgestuurd bericht:|Início da mensagem reencaminhada:|"
	    "Rozpoczęto przekazywaną wiadomość:|Vidarebefordrat brev:|"
	    "Start på videresendt besked:|Videresendt melding:|"
	    "Начало переадресованного сообщения:|転送されたメッセージ：";
	const char *word;
	size_t len;

	while (n > 0 && (*s == ' ' || *s == '>'))
		s++, n--;
	if (between_dashes(s, n, &word, &len))
		return one_of(dashed, word, len);
	return one_of(bare, s, n);
}

bool
words_original_line(const char *s, size_t n)
{
	static const char words[] =
	    "Original Message|Original message|Ursprüngliche Nachricht|"
	    "Originalnachricht|Original-Nachricht|Message d'origine|Message original|"
	    "Mensaje original|Messaggio originale|Oorspronkelijk bericht|"
	    "Mensagem original|Mensagem Original|Wiadomość oryginalna|"
	    "Oryginalna wiadomość|Ursprungligt meddelande|Oprindelig meddelelse|"
	    "Opprinnelig melding|Alkuperäinen viesti|Původní zpráva|Pôvodná správa|"
	    "Eredeti üzenet|Mesaj original|Исходное сообщение|Вихідне повідомлення|"
	    "Orijinal Mesaj|Özgün İleti|Αρχικό μήνυμα|元のメッセージ|Original "
	    "Appointment|"
	    "原始邮件|原始郵件|원본 메시지|הודעה מקורית|الرسالة الأصلية|Thư gốc|"
	    "Message d’origine|Reply message";
	const char *word;
	size_t len;

	return between_dashes(s, n, &word, &len) && one_of(words, word, len);
}

static bool
letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (unsigned char)c >= 0x80;
}

bool
words_wrote(const char *s, size_t n)
{
	static const char *const words[] = {"wrote", "writes", "schrieb", "schreibt",
	    "hat geschrieben", "a écrit", "écrit", "écrivait", "escribió", "escribio",
	    "va escriure", "ha scritto", "scrive", "schreef", "escreveu", "napisał",
	    "napisała", "napisał(a)", "pisze", "skrev", "skreiv", "skrifaði", "kirjoitti",
	    "napsal", "napsala", "napsal(a)", "napísal", "napísala", "napísal(a)",
	    "napisao", "napisala", "je napisal", "írta", "a scris", "пишет", "писал",
	    "писала", "написал", "написала", "написал(а)", "пише", "написав", "написала",
	    "написа", "yazdı", "yazdi", "έγραψε", "rašė", "rakstīja", "kirjutas",
	    "menulis", "đã viết", "viết", "כתב", "כתבה", "כתב/ה", "كتب", "เขียน", NULL};
	static const char *const glued[] = {"写道", "寫道", "のメール", "書きました",
	    "さんは書きました", "작성", "님이 씀", NULL};

	for (const char *const *w = words; *w != NULL; w++) {
		size_t len = strlen(*w);

		for (size_t i = 0; i + len <= n; i++) {
			if (strncasecmp(s + i, *w, len) == 0 &&
			    (i == 0 || !letter(s[i - 1])) &&
			    (i + len == n || !letter(s[i + len]) ||
				(unsigned char)s[i + len] == 0xc2 /* a hard blank */))
				return true;
		}
	}
	for (const char *const *w = glued; *w != NULL; w++) {
		if (memmem(s, n, *w, strlen(*w)) != NULL)
			return true;
	}
	return false;
}

bool
words_begins(const char *s, size_t n)
{
	static const char *const words[] = {"On ", "Am ", "Le ", "El ", "Il ", "Op ",
	    "Em ", "W dniu", "Dnia ", "Den ", "På ", "Dne ", "Dňa ", "În ", "Pe ", "La ",
	    "Il giorno ", "Am\u00a0", "Στις ", "В ", "Vào ", "Pada ", "El dia ", "Fra ",
	    "Mo. ", "Dana ", "U ", "Kuupäeval ", "בתאריך ", "ב-", "في ", "เมื่อ", "Kl ",
	    "Kl. ", NULL};

	/* Right-to-left mail begins with a mark, which cleaning replaced. */
	if (n > 3 && memcmp(s, "\xef\xbf\xbd", 3) == 0)
		s += 3, n -= 3;
	for (const char *const *w = words; *w != NULL; w++) {
		if (n >= strlen(*w) && strncmp(s, *w, strlen(*w)) == 0)
			return true;
	}
	return false;
}

const char *
subject_forwarded(const char *subject)
{
	static const char *const prefixes[] = {"fwd", "fw", "wg", "tr", "rv", "enc", "i",
	    "doorst", "vb", "vl", "vs", "pd", "iv", "továbbítás", "ilt", "İLT", "ΠΡΘ",
	    "转发", "轉寄", "전달", "reenv", NULL};

	for (const char *const *p = prefixes; *p != NULL; p++) {
		size_t n = strlen(*p);

		if (strncasecmp(subject, *p, n) != 0)
			continue;
		n += strspn(subject + n, " ");
		if (subject[n] == ':')
			n++;
		else if (strncmp(subject + n, "：", 3) == 0)
			n += 3;
		else
			continue;
		return subject + n + strspn(subject + n, " ");
	}
	return *subject == '[' && strncasecmp(subject, "[fwd:", 5) == 0 ? subject + 5
									: NULL;
}
