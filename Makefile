# For those who have make; everything is done by run.py. Another Python: make study PYTHON=python3.12
TASKS := study test lab quick lint check lessons notebooks bench lowest clean

help:  # the list of tasks
	@$(or $(PYTHON),python3) run.py

$(TASKS):
	@$(or $(PYTHON),python3) run.py $@ $(if $(PYTHON),--python "$(PYTHON)")

.PHONY: help $(TASKS)
