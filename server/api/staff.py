"""Staff: an administrator gives accounts and roles, changes them, and closes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask.views import MethodView
from marshmallow import post_load
from sqlalchemy.orm import Session

from server.core import clock
from server.organisation import passwords, staff
from server.organisation.models import Role, Staff
from server.organisation.staff import StaffData
from server.web import etag
from server.web.auth import allowed
from server.web.blueprint import Blueprint
from server.web.fields import BaseSchema, Enum, Id, Instant, Int, List, OneOf, Secret, Text
from server.web.paging import Page, PageQuery, after_id, page, page_of
from server.web.schemas import Shown
from server.web.signing_in import hashing
from server.web.texts import LOCALES

blp = Blueprint("staff", __name__, url_prefix="/api/v1/staff", description="Accounts of those who work at a desk")

LOGIN = "[A-Za-z0-9][A-Za-z0-9._@+-]{1,63}"


@dataclass(frozen=True, slots=True)
class NewStaff:
    """An account to be given."""

    login: str
    password: str
    data: StaffData


class StaffDataSchema(BaseSchema):
    """What is told of a member of staff."""

    name = Text(required=True, most=100)
    roles = List(Enum(Role), required=True, least=1, most=len(Role), distinct=True)
    region_id = Id(load_default=None, allow_none=True)
    station_id = Id(load_default=None, allow_none=True)
    locale = OneOf(*LOCALES, load_default=LOCALES[0])

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        return StaffData(**{**data, "roles": tuple(data["roles"])})


class NewStaffSchema(StaffDataSchema):
    """An account to be given."""

    login = Text(required=True, least=2, most=64, pattern=LOGIN, rule="login")
    password = Secret(required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        login, password = data.pop("login"), data.pop("password")
        return NewStaff(login=login, password=password, data=StaffData(**{**data, "roles": tuple(data["roles"])}))


class PasswordSchema(BaseSchema):
    """A new password."""

    password = Secret(required=True)


class StaffSchema(BaseSchema):
    """A member of staff; the password is never shown in any form."""

    id = Id(required=True)
    login = Shown(required=True)
    name = Shown(required=True)
    roles = List(Shown(), required=True)
    region_id = Id(required=True, allow_none=True)
    station_id = Id(required=True, allow_none=True)
    locale = Shown(required=True)
    disabled_at = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)
    version = Int(required=True)


@blp.route("")
class AllStaff(MethodView):
    """Everybody with an account."""

    @allowed(Role.ADMINISTRATOR)
    @blp.arguments(PageQuery, location="query")
    @blp.reads(page_of(StaffSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Staff]:
        """List staff."""
        rows = staff.listed(session, after=after_id(query), limit=query["limit"])
        return page(rows, query=query, key=lambda row: (row.id,))

    @allowed(Role.ADMINISTRATOR)
    @blp.arguments(NewStaffSchema)
    @blp.changes(201, StaffSchema)
    def post(self, session: Session, new: NewStaff) -> tuple[Staff, dict[str, str]]:
        """Give somebody an account."""
        with hashing():
            stored = passwords.hashed(new.password, login=new.login)
        person = staff.add(session, new.data, login=new.login, password_hash=stored, now=clock.now())
        return person, {"Location": f"{blp.url_prefix}/{person.id}"}


@blp.route("/<int:staff_id>")
class OneStaff(MethodView):
    """One account."""

    @allowed(Role.ADMINISTRATOR)
    @blp.reads(StaffSchema, etag=True)
    def get(self, session: Session, staff_id: int) -> Staff:
        """Show an account."""
        return staff.one(session, staff_id=staff_id)

    @allowed(Role.ADMINISTRATOR)
    @blp.arguments(StaffDataSchema)
    @blp.changes(200, StaffSchema)
    def put(self, session: Session, data: StaffData, staff_id: int) -> Staff:
        """Change an account."""
        person = staff.locked(session, staff_id=staff_id)
        etag.match(person, schema=StaffSchema)
        return staff.change(session, person, data)


@blp.route("/<int:staff_id>/closure")
class Closure(MethodView):
    """The end of an account."""

    @allowed(Role.ADMINISTRATOR)
    @blp.changes(200, StaffSchema)
    def post(self, session: Session, staff_id: int) -> Staff:
        """Close an account; its tokens open nothing any more."""
        return staff.close(session, staff_id=staff_id, now=clock.now())


@blp.route("/<int:staff_id>/reopening")
class Reopening(MethodView):
    """The return to an account."""

    @allowed(Role.ADMINISTRATOR)
    @blp.changes(200, StaffSchema)
    def post(self, session: Session, staff_id: int) -> Staff:
        """Open a closed account again."""
        return staff.reopen(session, staff_id=staff_id)


@blp.route("/<int:staff_id>/password")
class Password(MethodView):
    """The password of an account."""

    @allowed(Role.ADMINISTRATOR)
    @blp.arguments(PasswordSchema)
    @blp.changes(200, StaffSchema)
    def post(self, session: Session, body: Mapping[str, str], staff_id: int) -> Staff:
        """Set a password; every session and token of the account ends."""
        with hashing():
            stored = passwords.hashed(body["password"], login=staff.one(session, staff_id=staff_id).login)
        return staff.set_password(session, staff_id=staff_id, password_hash=stored, now=clock.now())
