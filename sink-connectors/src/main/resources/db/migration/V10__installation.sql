-- Whose tables these are: installations that shared them unknowingly would fold two logs into one set of rows.

create table sink_installation (
  the_only boolean primary key default true check (the_only),
  prefix   text not null
);
comment on column sink_installation.prefix is 'What the names of the topics begin with that these tables are made from (PARLEY_PREFIX).';

insert into sink_installation (prefix)
select left(topic, length(topic) - length('chat.events.v1'))
from sink_offsets
where topic like '%chat.events.v1'
order by next_position desc
limit 1;
