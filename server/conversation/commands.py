"""Every command that a text message can be: one declared table, from which the parser and the phrase book are made."""

from dataclasses import dataclass
from enum import StrEnum

from server.sms import reserved


class Party(StrEnum):
    """Who writes."""

    TECHNICIAN = "technician"
    CUSTOMER = "customer"


class Verb(StrEnum):
    """What a text asks for."""

    ACCEPT = "accept"
    DECLINE = "decline"
    HAND_BACK = "hand_back"
    CONTACT = "contact"
    LEAVE = "leave"
    ARRIVE = "arrive"
    EXTRA = "extra"
    FINISH = "finish"
    NOT_FINISH = "not_finish"
    ABSENT = "absent"
    DECLINED = "declined"
    LIST = "list"
    SICK = "sick"
    HELP = "help"
    CONFIRM = "confirm"
    MOVE = "move"
    AGREE = "agree"
    REFUSE = "refuse"
    WELL = "well"
    NOT_WELL = "not_well"
    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Command:
    """One command: how it is written, what follows it, what it means.

    :param digits: one or two digits that say the same on a telephone without letters; None where words are needed.
    :param english: words and phrases, lower case; a slip of one letter is forgiven in words of five and more.
    :param chinese: words; they need no space after them.
    :param job: whether it is about one job, and so may need the job code.
    :param takes: what follows, as the phrase book shows it (English, Chinese); empty where nothing may follow.
    """

    verb: Verb
    party: Party
    digits: str | None
    english: tuple[str, ...]
    chinese: tuple[str, ...]
    example_en: str
    example_zh: str
    meaning_en: str
    meaning_zh: str
    job: bool = True
    takes: tuple[str, str] = ("", "")


RESERVED = frozenset({word.lower() for word in reserved.RESERVED} | {"t", "td", "r", "n", "退订"})
"""Words that carriers answer themselves: none of them is ever a command of ours (faults.md)."""

_T, _C = Party.TECHNICIAN, Party.CUSTOMER
_REASON = ("reason", "原因")
_TEXT = ("[remark]", "[备注]")
_CARD_EN = (
    "work, [part NAME xN PRICE], [bought NAME xN PRICE], [charge AMOUNT text], [old SERIAL], [new SERIAL], "
    "[fault TEXT], [signed NAME], [no fault], [exchanged]"
)
_CARD_ZH = (
    "内容，[配件 名称 xN 价格]，[自购 名称 xN 价格]，[收费 金额 说明]，[旧机号 序列号]，[新机号 序列号]，"
    "[故障 说明]，[签字 姓名]，[无故障]，[换机]"
)

COMMANDS: tuple[Command, ...] = (
    Command(
        Verb.ACCEPT,
        _T,
        "1",
        ("ok", "okay", "accept", "accepted", "take it", "i take it", "no problem"),
        ("接单", "我接", "接受", "接了", "接"),
        "231 1",
        "231 接单",
        "Take the job that was offered. Binding.",
        "接受派单，接单后有约束力。",
    ),
    Command(
        Verb.DECLINE,
        _T,
        "2",
        ("no", "decline", "reject"),
        ("拒绝", "拒单", "不接", "不接单"),
        "231 2 too far",
        "231 拒绝 太远",
        "Decline the offer, with a reason.",
        "拒绝派单，并说明原因。",
        takes=_REASON,
    ),
    Command(
        Verb.CONTACT,
        _T,
        "3",
        ("called", "contacted", "customer called", "customer contacted", "i called", "spoke to customer"),
        ("已联系", "联系了", "已联系客户", "联系了客户", "已电联", "已打电话"),
        "231 3",
        "231 已联系",
        "The customer has been contacted.",
        "已经联系客户。",
    ),
    Command(
        Verb.LEAVE,
        _T,
        "4",
        ("on the way", "on my way", "omw", "driving", "i am on my way"),
        ("出发", "已出发", "在路上", "上路"),
        "231 4",
        "231 出发",
        "On the way; the customer is told.",
        "已出发，系统会通知客户。",
    ),
    Command(
        Verb.ARRIVE,
        _T,
        "5",
        ("arrived", "i arrived", "on site", "here", "i am here", "check in"),
        ("到达", "已到达", "到了", "已到", "签到"),
        "231 5",
        "231 到达",
        "Arrived at the customer's.",
        "已到达现场（签到）。",
    ),
    Command(
        Verb.FINISH,
        _T,
        "6",
        ("done", "finished", "complete", "completed"),
        ("完成", "完工", "已完成", "修好了", "装好了"),
        "231 6 changed compressor, part CMP-12, charge 300, new SN88123",
        "231 完成 换压缩机，配件 CMP-12，收费 300，新机号 SN88123",
        "Done: what was done, then what the completion card needs.",
        "完工：先写做了什么，再写服务卡要点。",
        takes=(_CARD_EN, _CARD_ZH),
    ),
    Command(
        Verb.NOT_FINISH,
        _T,
        "7",
        ("not finished", "not done", "cannot finish", "can not finish", "unfinished"),
        ("未完成", "没完成", "未完工", "没修好", "完不成"),
        "231 7 part until 2026-12-01",
        "231 未完成 缺件 到 2026-12-01",
        "Not finished: why, and until when. The desk plans the next visit.",
        "未完成：原因和期限，派工台安排下次上门。",
        takes=("reason [until DATE] [remark]", "原因 [到 日期] [备注]"),
    ),
    Command(
        Verb.ABSENT,
        _T,
        "8",
        ("absent", "customer absent", "nobody", "nobody home", "nobody there", "not home"),
        ("客户不在", "不在家", "没人", "无人", "家里没人"),
        "231 8 rang twice",
        "231 客户不在 打了两次电话",
        "Nobody is there. The customer gets a link to agree another time.",
        "客户不在，系统会给客户发改约链接。",
        takes=_TEXT,
    ),
    Command(
        Verb.DECLINED,
        _T,
        "9",
        ("declined", "customer declined", "customer refused"),
        ("客户拒绝", "客户拒修", "客户不修", "客户不同意"),
        "231 9 too expensive",
        "231 客户拒绝 嫌贵",
        "The customer does not want the work.",
        "客户放弃服务。",
        takes=_TEXT,
    ),
    Command(
        Verb.HAND_BACK,
        _T,
        "10",
        ("hand back", "give back", "handback"),
        ("退单", "交回", "退回"),
        "231 10 vehicle",
        "231 退单 车坏了",
        "Hand an accepted job back before leaving, with a reason. It is counted.",
        "出发前退回已接的单，并说明原因；会计数。",
        takes=_REASON,
    ),
    Command(
        Verb.EXTRA,
        _T,
        "11",
        ("extra", "extra work"),
        ("增项", "增修", "加项"),
        "231 11 300 new compressor",
        "231 增项 300 更换压缩机",
        "Extra work: the customer is asked whether he agrees to this price.",
        "增项：系统把价格发给客户征求同意。",
        takes=("amount text", "金额 说明"),
    ),
    Command(
        Verb.LIST,
        _T,
        "0",
        ("list", "today", "my jobs", "jobs", "tomorrow"),
        ("今天", "今日", "清单", "列表", "我的单", "明天"),
        "0",
        "今天",
        "My jobs of today, or with the word itself of tomorrow.",
        "我今天的工单；发“明天”看明天的。",
        job=False,
    ),
    Command(
        Verb.SICK,
        _T,
        None,
        ("sick", "ill", "off sick"),
        ("病假", "生病", "请病假"),
        "sick 2026-12-01 to 2026-12-03",
        "病假 2026-12-01 到 2026-12-03",
        "Off sick, both days included; without a day: today. My jobs of these days go to others.",
        "请病假，含首尾两天；不写日期就是今天。期间的单会改派。",
        job=False,
        takes=("[from DATE] [to DATE]", "[从 日期] [到 日期]"),
    ),
    Command(
        Verb.HELP,
        _T,
        "?",
        ("commands", "what"),
        ("帮助", "命令"),
        "?",
        "帮助",
        "The list of these commands.",
        "显示本命令表。",
        job=False,
    ),
    Command(
        Verb.CONFIRM,
        _C,
        "1",
        ("ok", "okay", "confirm", "confirmed", "fits", "no problem"),
        ("确认", "可以", "好", "好的", "没问题"),
        "1",
        "1",
        "The visit may come in the window that was named.",
        "确认上门时间。",
    ),
    Command(
        Verb.MOVE,
        _C,
        "2",
        ("no", "move", "another time", "other time", "change", "reschedule"),
        ("改期", "改时间", "换时间", "不行", "不方便"),
        "2",
        "2 改期",
        "Another time, please: the desk calls.",
        "需要改时间，派工台会来电。",
        takes=("[when]", "[希望时间]"),
    ),
    Command(
        Verb.AGREE,
        _C,
        "1",
        ("ok", "okay", "agree", "agreed", "no problem"),
        ("同意", "可以", "好", "好的"),
        "1",
        "同意",
        "The extra work may be done at the price named.",
        "同意按所报价格增项。",
    ),
    Command(
        Verb.REFUSE,
        _C,
        "2",
        ("no", "refuse", "disagree", "do not agree"),
        ("不同意", "拒绝", "不做", "不要", "不行"),
        "2",
        "不同意",
        "The extra work is not to be done.",
        "不同意增项。",
    ),
    Command(
        Verb.WELL,
        _C,
        "1",
        ("ok", "okay", "good", "fine", "all well", "works", "no problem", "no problems"),
        ("满意", "修好了", "正常", "好", "好的"),
        "1",
        "1",
        "The work was done and everything is well.",
        "已完成，一切正常。",
    ),
    Command(
        Verb.NOT_WELL,
        _C,
        "2",
        ("no", "bad", "not good", "not well", "still broken", "broken"),
        ("不满意", "没修好", "不正常", "不好", "有问题"),
        "2 still leaks",
        "2 还在漏水",
        "Something is not well: somebody calls.",
        "有问题，会有人回电。",
        takes=("[what]", "[说明]"),
    ),
    Command(
        Verb.RIGHT,
        _C,
        "1",
        ("ok", "okay", "right", "correct", "true", "that is right"),
        ("属实", "是的", "对", "没错"),
        "1",
        "1",
        "What the technician reported is right.",
        "技术员的报告属实。",
    ),
    Command(
        Verb.WRONG,
        _C,
        "2",
        ("no", "wrong", "not right", "not true", "incorrect"),
        ("不属实", "不是", "不对", "没有"),
        "2 I was at home",
        "2 我在家",
        "What was reported is not right: somebody calls.",
        "报告不属实，会有人回电。",
        takes=("[what]", "[说明]"),
    ),
)


def command(verb: Verb) -> Command:
    """Return the declared command of a verb."""
    return _BY_VERB[verb]


_BY_VERB = {entry.verb: entry for entry in COMMANDS}
