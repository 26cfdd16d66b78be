# For those who have make; everything is done by run.py. Another Python: make study PYTHON=python3.12
# The classroom at an address, and in the network of a room: make classroom URL=https://... or SERVE=1; make class URL=...
# In German: make classroom LANGUAGE=de; make class LANGUAGE=de
TASKS := study test lab quick lint check classroom class notebooks bench lowest clean

help:  # the list of tasks
	@$(or $(PYTHON),python3) run.py

$(TASKS):
	@$(or $(PYTHON),python3) run.py $@ $(if $(PYTHON),--python "$(PYTHON)") $(TOLD)
classroom class: TOLD = $(if $(URL),--url "$(URL)")
classroom class: TOLD += $(if $(LANGUAGE),--language "$(LANGUAGE)")
classroom: TOLD += $(if $(SERVE),--serve)

.PHONY: help $(TASKS)
