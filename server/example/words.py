"""What the invented company is made of: streets, names, products and their faults."""

from dataclasses import dataclass
from datetime import timedelta

FAMILY_NAMES = (
    "Wang 王",
    "Li 李",
    "Zhang 张",
    "Liu 刘",
    "Chen 陈",
    "Yang 杨",
    "Zhao 赵",
    "Huang 黄",
    "Zhou 周",
    "Wu 吴",
    "Xu 徐",
    "Sun 孙",
)
GIVEN_NAMES = (
    "Wei 伟",
    "Fang 芳",
    "Na 娜",
    "Min 敏",
    "Jing 静",
    "Qiang 强",
    "Lei 磊",
    "Yan 艳",
    "Jie 杰",
    "Tao 涛",
    "Ming 明",
    "Chao 超",
)
STREETS = (
    "Willow Lane 柳巷",
    "Lantern Street 灯笼街",
    "Old Ferry Road 旧渡路",
    "Plum Garden Road 梅园路",
    "Stone Bridge Street 石桥街",
    "Silk Mill Lane 缫丝弄",
    "North Gate Avenue 北门大道",
    "Bamboo Hill Road 竹山路",
    "Harbour Street 港湾街",
    "Camphor Avenue 香樟大道",
    "Tea Market Lane 茶市巷",
    "Moon Lake Road 月湖路",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What a customer says, and how long the work takes."""

    text: str
    takes: timedelta


@dataclass(frozen=True, slots=True)
class Product:
    """A kind of unit that the company looks after.

    :param skill: what a technician must be able to do.
    :param level: how well.
    """

    category: str
    brand: str
    models: tuple[str, ...]
    skill: str
    level: int
    install: timedelta
    faults: tuple[Fault, ...]


def _fault(text: str, minutes: int) -> Fault:
    return Fault(text, timedelta(minutes=minutes))


PRODUCTS = (
    Product(
        "air_conditioner",
        "Northwind",
        ("NW-26G", "NW-35G", "NW-50L"),
        "air_conditioner",
        2,
        timedelta(minutes=120),
        (
            _fault("Runs but does not cool 不制冷", 75),
            _fault("Water drips from the indoor unit 室内机漏水", 45),
            _fault("Loud noise from the outdoor unit 外机噪音大", 60),
            _fault("Remote control does nothing 遥控器失灵", 30),
        ),
    ),
    Product(
        "refrigerator",
        "Polarstern",
        ("PS-210", "PS-330D"),
        "refrigerator",
        1,
        timedelta(minutes=45),
        (
            _fault("Lower compartment is warm 冷藏室不冷", 70),
            _fault("Ice builds up at the back 后壁结冰", 60),
            _fault("Door does not close 门关不严", 35),
        ),
    ),
    Product(
        "washing_machine",
        "Clearwater",
        ("CW-7", "CW-10F"),
        "washing_machine",
        1,
        timedelta(minutes=45),
        (
            _fault("Does not drain 不排水", 45),
            _fault("Stops with an error while spinning 脱水报错", 60),
            _fault("Leaks under the door 门下漏水", 50),
        ),
    ),
    Product(
        "gas_water_heater",
        "Emberline",
        ("EL-12", "EL-16"),
        "gas_appliance",
        2,
        timedelta(minutes=100),
        (
            _fault("Goes out after a minute 点火后熄灭", 55),
            _fault("Water does not get hot 水不热", 55),
        ),
    ),
    Product(
        "television",
        "Brightview",
        ("BV-43", "BV-55", "BV-65"),
        "electronics",
        1,
        timedelta(minutes=60),
        (
            _fault("Sound but no picture 有声无像", 50),
            _fault("Stripes across the screen 花屏", 50),
        ),
    ),
)

SKILLS = (
    ("air_conditioner", "Air conditioners", "空调"),
    ("refrigerator", "Refrigerators", "冰箱"),
    ("washing_machine", "Washing machines", "洗衣机"),
    ("gas_appliance", "Gas appliances (certificate)", "燃气具（持证）"),
    ("electronics", "Electronics", "电子产品"),
)

PARTS = (
    ("CAP-35", "Run capacitor 35 µF", "启动电容 35 µF", "air_conditioner", 4_500),
    ("FAN-26", "Indoor fan motor", "室内风机", "air_conditioner", 18_000),
    ("THM-01", "Thermostat", "温控器", "refrigerator", 6_000),
    ("SEAL-330", "Door seal", "门封条", "refrigerator", 8_500),
    ("PUMP-07", "Drain pump", "排水泵", "washing_machine", 9_000),
    ("SEAL-10F", "Door gasket", "门圈", "washing_machine", 12_000),
    ("IGN-12", "Ignition electrode", "点火针", "gas_water_heater", 3_500),
    ("PSU-55", "Power board", "电源板", "television", 16_000),
)
"""Number, English and Chinese name, category, list price in minor units."""
